/** `elko/sim`: virtual time, virtual networks, and what happens to packets on the way. */

export { Firewall, type FirewallAction, type FirewallRule } from './firewall.ts'
export {
  ImpairmentError,
  type ImpairmentOptions,
  Impairments,
  type PacketFate,
  parseImpairments,
} from './impairments.ts'
export type { Direction, Middlebox, Transit } from './middlebox.ts'
export { Nat } from './nat.ts'
export {
  type InjectOptions,
  Network,
  type NetworkOptions,
  type PacketEndpoint,
  type RunEnd,
} from './network.ts'
export { OptionStripper } from './option-stripper.ts'
export { Random } from './random.ts'
export { Resetter } from './resets.ts'
