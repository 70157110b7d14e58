/** Flow control and congestion control: how much may be on its way. */

import type { Scenario } from '../scenario.ts'
import { hasText, isPureAck } from '../scenario-rules.ts'
import { NORMAL } from './paths.ts'
import { closeSecond, receiveAll, sendAll, serve } from './scripts.ts'

export const zeroWindow: Scenario = {
  name: 'zero-window',
  title: 'Zero window: a slow reader stops the sender, and a lost update does not stop it for ever',
  lesson:
    'The server reads nothing for two seconds; its window closes. The sender probes, because the ACK that opens the window ' +
    'again may be lost, and here it is.',
  accepts: ['mss', 'bytes'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer(
      { mssLimit: 1000 },
      { mssLimit: 1000, receiveBufferBytes: 3000 },
    )
    const octets = lab.bytes(6000)
    server.program(
      serve(80, function* (socket, host) {
        yield* host.sleep(2000)
        lab.from(server).next('lose', (segment) => isPureAck(segment) && segment.window > 0)
        yield* socket.readAll(octets)
        yield* closeSecond(socket)
      }),
    )
    client.program((host) => sendAll(host, server, octets, 100), 10)
  },
}

export const windowScaling: Scenario = {
  name: 'window-scaling',
  title: 'Window scaling: more than 65535 octets on their way',
  lesson:
    'The window field has 16 bits. Both SYNs offer a shift count, and from then on the field counts in units of 2^shift ' +
    'octets: a path of 100 ms needs it for more than 5 Mbit/s.',
  accepts: ['mss', 'window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    const config = { windowScaling: true, receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20 }
    const client = lab.host('client', 100, { mtu: 9000, config })
    const server = lab.host('server', 300, { mtu: 9000, config })
    lab.pair(client, server, { delayUs: 50_000 })
    const octets = lab.bytes(250_000)
    server.program(receiveAll(octets))
    client.program((host) => sendAll(host, server, octets), 10)
  },
}

export const slowStart: Scenario = {
  name: 'slow-start',
  title: 'Slow start and congestion avoidance',
  lesson:
    'Nobody knows what the path bears. The sender starts with a few segments and doubles each round trip until one is ' +
    'lost; then it halves, and grows by one segment each round trip.',
  accepts: ['window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer({ mssLimit: 1000, initialWindowSegments: 2 })
    const octets = lab.bytes(40_000)
    let segments = 0
    lab.from(client).next('lose', (segment) => hasText(segment) && ++segments === 20)
    server.program(receiveAll(octets))
    client.program((host) => sendAll(host, server, octets), 10)
  },
}
