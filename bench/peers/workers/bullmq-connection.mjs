/** @param address path of a Unix socket, or redis://host:port/0 */
export function connectionTo(address) {
  if (!address.startsWith('redis:')) return { path: address }
  const { hostname, port } = new URL(address)
  return { host: hostname, port: Number(port) }
}
