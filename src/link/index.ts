/** `elko/link`: a stack on real packets, for Node. */

export { nowUs } from './clock.ts'
export { type Applications, Driver } from './driver.ts'
export { type Host, hostNames, LinkHost, type LinkHostOptions, type Resolver } from './host.ts'
export { type ImpairedDirections, type ImpairedLink, impair } from './impair.ts'
export type { Link, LinkCapabilities } from './link.ts'
export { type LoopbackOptions, loopbackPair } from './loopback.ts'
export { noLink } from './no-link.ts'
export type { ConnectionOwner, ListenerOwner } from './owners.ts'
export { type CaptureSink, type TeeLink, type TeeOptions, tee } from './tee.ts'
export { kernelEndsFor, openTun, TunError, type TunErrorCode, TunLink, type TunOptions } from './tun.ts'
