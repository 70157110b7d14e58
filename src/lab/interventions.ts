/** What somebody does to a run: the fates of single packets, and segments that nobody sent. */

import type { PacketFate } from '../sim/impairments.ts'
import type { Lab } from '../sim/scenario.ts'
import { parseAddress, setAddresses } from '../wire/address.ts'
import { IpHeader } from '../wire/ip-header.ts'
import { Segment } from '../wire/segment.ts'
import { tcpPacketOf } from '../wire/tcp-packet.ts'
import { impairmentsOf } from './check-config.ts'
import { type ForgedSegment, type Intervention, type LabConfig, SIDES, type Side } from './lab-config.ts'

const LETTER = 'x'.charCodeAt(0)

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
  for (const one of config.interventions) if (one.kind === 'inject') plan(lab, one)
}

function fatesOf(interventions: readonly Intervention[], from: Side): ReadonlyMap<number, PacketFate> {
  const fates = new Map<number, PacketFate>()
  for (const one of interventions) {
    if (one.kind === 'inject' || one.from !== from) continue
    if (one.kind === 'delay') fates.set(one.packet, { delayUs: one.byUs })
    else fates.set(one.packet, one.kind === 'drop' ? 'lose' : one.kind)
  }
  return fates
}

function plan(lab: Lab, { atUs, to, segment }: Extract<Intervention, { kind: 'inject' }>): void {
  const receiver = lab.hosts[to]!
  const claimed = lab.hosts[to === 0 ? 1 : 0]!
  lab.network.at(atUs, () => {
    const packet = forgedPacket(segment, claimed.address, receiver.address)
    lab.network.inject(packet, receiver.name, { from: claimed.name })
  })
}

/** The whole IP packet, with right checksums. */
export function forgedPacket(forged: ForgedSegment, from: string, to: string): Uint8Array {
  const ip = new IpHeader()
  const segment = new Segment()
  const source = parseAddress(from)!
  segment.srcPort = forged.srcPort
  segment.dstPort = forged.dstPort
  segment.seq = forged.seq | 0
  segment.ack = forged.ack | 0
  segment.flags = forged.flags
  segment.window = forged.window
  segment.urgentPointer = forged.urgentPointer
  ip.version = source.version
  ip.ttl = 64
  ip.dontFragment = true
  setAddresses(ip, source, parseAddress(to)!)
  return tcpPacketOf(ip, segment, new Uint8Array(forged.length).fill(LETTER))
}
