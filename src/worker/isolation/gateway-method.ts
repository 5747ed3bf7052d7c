import type { JobGateway } from '../../job/gateway.ts'

/** What a job in a process of its own may ask of its supervisor's broker. */
export type GatewayMethod = keyof JobGateway
