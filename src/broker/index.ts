export type * from './broker.ts'
export { type ConnectOptions, connectBroker } from './connect.ts'
