// Two stacks in one process, and between them a network that loses every fifth packet.
import { parseAddress, Recorder, Stack, signals } from 'elko'
import { ladder, verdict } from 'elko/diagram'
import { Network } from 'elko/sim'

const trace = new Recorder()
const network = new Network({ seed: 3, trace })

function host(name, address) {
  const chance = network.random.fork(name)
  const random = () => chance.int32()
  const secret = Uint8Array.from({ length: 16 }, random)
  const stack = new Stack({ name, addresses: [`${address}/24`], secret, random, trace })
  network.host(name, stack, [address])
  return stack
}
const client = host('client', '10.0.0.1')
const server = host('server', '10.0.0.2')
network.join('client', 'server', { delayUs: 20_000, loss: 0.2 })

const listener = server.listen({ port: 7 })
const octets = new Uint8Array(1000)
network.application(() => {
  while (server.accept(listener) !== null);
  for (let echo = server.pollEvent(); echo !== null; echo = server.pollEvent()) {
    if (echo === listener) continue
    const events = echo.pollEvents()
    for (let n = echo.receive(octets); n > 0; n = echo.receive(octets)) echo.send(octets, 0, n)
    if (events & signals.PEER_CLOSED) echo.close()
  }
  if (client.pollEvent()?.pollEvents() & signals.CONNECTED) {
    connection.send(new TextEncoder().encode('hello'))
    connection.close()
  }
})
const connection = client.connect({ remoteAddress: parseAddress('10.0.0.2'), remotePort: 7 })
network.run()

console.log(ladder(trace.events, { numbers: 'relative', reasons: 'words' }))
console.log(verdict(trace.events))
