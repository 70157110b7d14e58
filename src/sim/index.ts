/** `elko/sim`: virtual time, virtual networks, and what happens to packets on the way. */

export {
  ImpairmentError,
  type ImpairmentOptions,
  Impairments,
  type PacketFate,
  parseImpairments,
} from './impairments.ts'
export {
  type InjectOptions,
  Network,
  type NetworkOptions,
  type PacketEndpoint,
  type RunEnd,
} from './network.ts'
export { Random } from './random.ts'
