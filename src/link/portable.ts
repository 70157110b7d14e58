/** `elko/link` in browsers, and the part of it that asks nothing of Node. */

export { nowUs } from './clock.ts'
export { type Applications, Driver } from './driver.ts'
export { type Host, hostNames, LinkHost, type LinkHostOptions, type Resolver } from './host.ts'
export { type ImpairedDirections, type ImpairedLink, impair } from './impair.ts'
export type { Link, LinkCapabilities } from './link.ts'
export { type LoopbackOptions, loopbackPair } from './loopback.ts'
export { type MessagePortLike, type MessagePortLinkOptions, messagePortLink } from './message-port.ts'
export { noLink } from './no-link.ts'
export type { ConnectionOwner, ListenerOwner } from './owners.ts'
export { selfLink } from './self-link.ts'
export { type WebSocketLike, type WebSocketLinkOptions, webSocketLink } from './websocket.ts'
