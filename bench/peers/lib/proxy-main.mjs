// Stands between workers and Redis, in a process of its own: counts requests, and holds back each answer for so long that
// a round trip takes DELAY ms more. Arguments: port of the server, DELAY. Says its port; asked `count`, the requests so far.
import { connect, createServer } from 'node:net'
import { DelayedWriter } from './delayed-writer.mjs'
import { RequestCounter } from './request-counter.mjs'

const [target, delayMs] = process.argv.slice(2).map(Number)
let requests = 0

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true })
  const counter = new RequestCounter()
  const answers = new DelayedWriter(client, delayMs)
  client.on('data', (chunk) => {
    requests += counter.push(chunk)
    upstream.write(chunk)
  })
  upstream.on('data', (chunk) => answers.push(chunk))
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ]) {
    socket.on('error', () => other.destroy())
    socket.on('close', () => other.destroy())
  }
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => process.send({ requests }))
process.on('disconnect', () => process.exit(0))
