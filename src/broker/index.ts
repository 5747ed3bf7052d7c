export type * from './broker.ts'
export type * from './command.ts'
export { type ConnectOptions, connectBroker } from './connect.ts'
export type * from './schedule.ts'
