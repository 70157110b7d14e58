/** `elko/sim` in Node: the simulator, and the test network that runs real sockets on it. */

export * from '../sim/index.ts'
export type { Duration } from './durations.ts'
export type {
  CrashOptions,
  Fault,
  FirewallOptions,
  Hosts,
  NatOptions,
  ResetOptions,
  SlowReaderOptions,
  TestNat,
  When,
} from './faults.ts'
export { TestHost, type TestHostOptions } from './test-host.ts'
export {
  type PathOptions,
  type SpelledPath,
  TestNetwork,
  type TestNetworkOptions,
} from './test-network.ts'

import { TestNetwork, type TestNetworkOptions } from './test-network.ts'

/**
 * A network of hosts with sockets, in virtual time:
 *
 * ```ts
 * await using net = network({ seed: 7 })
 * const a = net.host('10.0.0.1'), b = net.host('10.0.0.2')
 * net.path(a, b, { delay: '30ms', loss: '2%' })
 * b.net.createServer((socket) => socket.pipe(socket)).listen(7)
 * await net.run(async () => { ... a.net.connect(7, '10.0.0.2') ... })
 * ```
 */
export function network(options: TestNetworkOptions = {}): TestNetwork {
  return new TestNetwork(options)
}
