/** What a job in a process of its own may ask of its supervisor's broker. */
export type GatewayMethod = 'enqueue' | 'fetch' | 'wait' | 'cancel' | 'stop'
