/** What somebody does to a run: fates of single packets, packets that nobody sent, calls beside the programs. */

import type { PacketFate } from '../sim/impairments.ts'
import type { Lab } from '../sim/scenario.ts'
import { impairmentsOf } from './check-config.ts'
import { forgedError, forgedPacket } from './forged.ts'
import { type Intervention, type LabConfig, SIDES, type Side } from './lab-config.ts'
import { call } from './play-program.ts'
import { parseCall } from './program.ts'

type Forged = Extract<Intervention, { kind: 'inject' | 'icmp' }>

/** Puts paths and interventions over a run that is set up and has not begun. */
export function intervene(lab: Lab, config: LabConfig): void {
  const [left, right] = lab.hosts
  if (left === undefined || right === undefined) return
  for (const from of SIDES) {
    const [sender, receiver] = from === 0 ? [left, right] : [right, left]
    const path = lab.network.impairments(sender.name, receiver.name)
    if (path === null) continue
    const own = fatesOf(config.interventions, from)
    const { fate, mtu, rateBitsPerSecond, ...others } = path.options
    const changes = config.paths[from]
    path.change({
      ...others,
      // 0 takes away what the lesson had.
      ...(changes.mtu === undefined && mtu !== undefined && { mtu }),
      ...(changes.rateBitsPerSecond === undefined &&
        rateBitsPerSecond !== undefined && { rateBitsPerSecond }),
      ...impairmentsOf(changes),
      // The lesson decides first, so that what it counts does not depend on what is done beside it.
      fate: (packet, bytes, offset, length) => {
        const usual = fate?.(packet, bytes, offset, length) ?? null
        return own.get(packet) ?? usual
      },
    })
  }
  for (const one of config.interventions) {
    if (one.kind === 'call') planCall(lab, one)
    else if (!('packet' in one)) planForged(lab, one)
  }
}

function fatesOf(interventions: readonly Intervention[], from: Side): ReadonlyMap<number, PacketFate> {
  const fates = new Map<number, PacketFate>()
  for (const one of interventions) {
    if (!('packet' in one) || one.from !== from) continue
    if (one.kind === 'delay') fates.set(one.packet, { delayUs: one.byUs })
    else fates.set(one.packet, one.kind === 'drop' ? 'lose' : one.kind)
  }
  return fates
}

function planCall(lab: Lab, { atUs, host, step }: Extract<Intervention, { kind: 'call' }>): void {
  const parsed = parseCall(step, 'step')
  lab.network.at(atUs, () => call(lab.hosts[host]!, parsed, step))
}

function planForged(lab: Lab, one: Forged): void {
  const receiver = lab.hosts[one.to]!
  const other = lab.hosts[one.to === 0 ? 1 : 0]!
  const from = one.from ?? other.address
  const packet =
    one.kind === 'inject'
      ? forgedPacket(one.segment, from, receiver.address)
      : forgedError(one.error, from, other.address, receiver.address)
  lab.network.at(one.atUs, () => lab.network.inject(packet, receiver.name, { from: other.name }))
}
