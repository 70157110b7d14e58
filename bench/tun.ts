/** Bulk over a TUN device, MTU 1500 without offload, to and from the kernel's TCP in a namespace of its own. */

import { spawn } from 'node:child_process'
import { Driver } from '../src/link/driver.ts'
import { CONNECTED, DRAINED, GONE, READABLE, WRITABLE } from '../src/tcp/signals.ts'
import { withNamespace } from '../test/kernel/netns.ts'
import { newStack } from './pair.ts'

const CHUNK = 256 * 1024

/** What the kernel's side runs: a Node process that sends zeros, or reads and throws away. */
const PEER = (send: boolean): string => `
  const s = require('node:net').connect({ host: '10.7.0.2', port: 5001, highWaterMark: 1 << 20 })
  const chunk = Buffer.alloc(${CHUNK})
  const fill = () => { while (s.write(chunk)); }
  s.on('error', () => process.exit())
  s.on('connect', () => { ${send ? "s.on('drain', fill); fill()" : 's.resume()'} })
  s.on('close', () => process.exit())`

/** Gbit/s. @param receive whether Elko receives. @param congestion the kernel's congestion control. */
export function tunGbps(
  receive: boolean,
  seconds: number,
  congestion = 'cubic',
  mtu = 1500,
): Promise<number> {
  return withNamespace(async (ns) => {
    const link = await ns.openTun({ addresses: ['10.7.0.1/24'], mtu })
    await ns.setRoute(link, '10.7.0.0/24', `congctl ${congestion}`)
    const stack = newStack('elko', ['10.7.0.2/24'], mtu, false)
    const chunk = new Uint8Array(CHUNK)
    let octets = 0
    let started = 0
    const driver = new Driver(stack, link, {
      onConnection(connection, events) {
        if (started === 0) started = performance.now()
        if (receive && (events & READABLE) !== 0) {
          for (let n = connection.receive(chunk); n > 0; n = connection.receive(chunk)) octets += n
        }
        if (!receive && (events & GONE) === 0 && (events & (CONNECTED | WRITABLE | DRAINED)) !== 0) {
          for (let n = connection.send(chunk); n > 0; n = connection.send(chunk)) octets += n
        }
      },
      onListener: (listener) => void stack.accept(listener),
    })
    stack.listen({ port: 5001 })
    const peer = spawn('ip', ['netns', 'exec', ns.name, process.execPath, '-e', PEER(receive)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const gbps = (octets * 8) / (performance.now() - started) / 1e6
    stack.close()
    driver.close()
    peer.kill()
    return gbps
  })
}
