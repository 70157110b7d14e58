/**
 * One connection captured in two places: which packets were lost on which leg, what was made or changed in between.
 * Connections are matched as paired-legs.ts has it; packets by what they say, and by their identification where it was left
 * alone.
 */

import type { CaptureRecord } from '../../capture/record.ts'
import type { Packet, TcpFields } from '../../dissect/packet.ts'
import type { TunnelPorts } from '../../dissect/tunnels.ts'
import { counted } from '../../trace/counted.ts'
import { RST, SYN } from '../../wire/segment.ts'
import { CaptureDiagnoser, type CaptureReport, type PacketWatch } from './capture-diagnoser.ts'
import type { CaptureDiagnosis } from './capture-diagnosis.ts'
import type { ConnectionFacts } from './facts.ts'
import type { CaptureNote } from './notes.ts'
import { type Leg, type Pair, pairUp, printOf, rebased } from './paired-legs.ts'
import { matched, type Print, type SamePacket, type SamePiece } from './same-packets.ts'
import type { CaptureVerdict } from './verdicts.ts'

/** Packets of one capture that are compared; more of them should be cut to the connections in question first. */
export const MAX_COMPARED = 2_000_000

/** One of the two captures, being read. */
export class PlaceCapture {
  readonly diagnoser: CaptureDiagnoser
  readonly legs = new Map<number, Leg>()
  /** Packets beyond MAX_COMPARED. */
  skipped = 0
  #kept = 0

  /** @param tunnels as for `Dissector`. */
  constructor(tunnels: TunnelPorts | null = null) {
    this.diagnoser = new CaptureDiagnoser(this.#note, tunnels)
  }

  take(record: CaptureRecord): void {
    this.diagnoser.take(record)
  }

  readonly #note: PacketWatch = (facts, packet, tcp, isFromA, at) => {
    if (this.#kept === MAX_COMPARED) {
      this.skipped++
      return
    }
    this.#kept++
    let leg = this.legs.get(facts.stream)
    if (leg === undefined) {
      leg = { facts, prints: [], ends: endsOf(packet, tcp) }
      this.legs.set(facts.stream, leg)
    }
    const { seq, ack, flags, textLength: length } = tcp
    const fromClient = isFromA === facts.clientIsA
    const identification = packet.version === 4 ? packet.identification : 0
    leg.prints.push(
      printOf({
        frame: packet.number,
        at,
        fromClient,
        seq,
        ack,
        flags,
        length,
        ttl: packet.ttl,
        identification,
      }),
    )
  }
}

export interface LegLoss {
  readonly packets: number
  /** Frames of the capture at the sender, the first ones. */
  readonly frames: readonly number[]
}

export interface ComparedConnection {
  /** Streams of the capture nearer to the client, and nearer to the server; null where it is not in that capture. */
  readonly streams: { readonly client: number | null; readonly server: number | null }
  /** The diagnosis that both together allow. */
  readonly diagnosis: CaptureDiagnosis
  /** Routers between the two places, by the TTL of the client's packets; null where that cannot be told. */
  readonly hops: number | null
  readonly lost: { readonly toServer: LegLoss; readonly toClient: LegLoss }
  /** Packets that arrived and were never sent. */
  readonly made: { readonly atClient: readonly number[]; readonly atServer: readonly number[] }
  /** What is not the same at both places, a sentence each. */
  readonly changed: readonly string[]
}

export interface Comparison {
  /** Index of the capture that is nearer to the clients. */
  readonly nearClient: 0 | 1
  /** Seconds that the clock of the second capture is ahead of the first one's; NaN where no packet is in both. */
  readonly clockOffset: number
  /** Of the first capture, and of the second. */
  readonly notes: readonly [readonly CaptureNote[], readonly CaptureNote[]]
  readonly connections: readonly ComparedConnection[]
}

const MAX_FRAMES = 10

/** Compares two captures that were read to their ends. */
export function compareCaptures(first: PlaceCapture, second: PlaceCapture): Comparison {
  const pairs = pairUp(first.legs, second.legs)
  const nearClient = nearerToClient(pairs)
  const [client, server] = nearClient === 0 ? [first, second] : [second, first]
  const atClients = client.diagnoser.report()
  const atServers = server.diagnoser.report()
  const reports = {
    client: byStream(atClients),
    server: byStream(atServers),
    isBlind: { client: isBlind(atClients), server: isBlind(atServers) },
  }
  const connections: ComparedConnection[] = []
  for (const pair of pairs) {
    const [atClient, atServer] = nearClient === 0 ? pair : [pair[1], pair[0]]
    connections.push(compareLegs(atClient, atServer, reports))
  }
  const notes = [atClients.notes, atServers.notes] as const
  return {
    nearClient,
    clockOffset: offsetOf(pairs, first, second),
    notes: nearClient === 0 ? notes : [notes[1], notes[0]],
    connections,
  }
}

/** Both ways the same. */
function endsOf({ src0, src1, src2, src3, dst0, dst1, dst2, dst3 }: Packet, tcp: TcpFields): string {
  const [one, other] = [
    `${src0} ${src1} ${src2} ${src3} ${tcp.sourcePort}`,
    `${dst0} ${dst1} ${dst2} ${dst3} ${tcp.destinationPort}`,
  ]
  return one < other ? `${one} ${other}` : `${other} ${one}`
}

const byStream = ({ connections }: CaptureReport): Map<number, CaptureDiagnosis> =>
  new Map([...connections].map((diagnosis) => [diagnosis.stream, diagnosis]))

/** Has packets of TCP that could not be read: what is not found in such a capture may have been there. */
const isBlind = ({ notes }: CaptureReport): boolean => notes.some(({ kind }) => kind === 'cut-headers')

/**
 * A packet of the client has passed fewer routers where it is nearer to it, and an answer takes longer to come back; the
 * first capture where all that is equal.
 */
function nearerToClient(pairs: readonly Pair[]): 0 | 1 {
  for (const [one, other] of pairs) {
    if (one === null || other === null) continue
    const byClient = one.facts.client.ttl - other.facts.client.ttl
    const byServer = other.facts.server.ttl - one.facts.server.ttl
    if (byClient !== 0) return byClient > 0 ? 0 : 1
    if (byServer !== 0 && one.facts.server.ttl !== 0 && other.facts.server.ttl !== 0)
      return byServer > 0 ? 0 : 1
    const byAnswer = answerTakes(one, other)
    if (byAnswer !== 0) return byAnswer > 0 ? 0 : 1
  }
  const [lonely] = pairs.filter(([one, other]) => one === null || other === null)
  return lonely !== undefined && lonely[0] === null ? 1 : 0
}

/** Seconds that the server's first answer takes longer in the first capture than in the second. */
function answerTakes(one: Leg, other: Leg): number {
  const { both } = matched(one.prints, other.prints)
  const asked = both.find(([{ fromClient }]) => fromClient)
  if (asked === undefined) return 0
  const isAnswer = ([mine, theirs]: SamePacket): boolean =>
    !mine.fromClient && mine.at > asked[0].at && theirs.at > asked[1].at
  const answer = both.find(isAnswer)
  return answer === undefined ? 0 : answer[0].at - asked[0].at - (answer[1].at - asked[1].at)
}

/** Half-way between the fastest packet there and the fastest one back. */
function offsetOf(pairs: readonly Pair[], first: PlaceCapture, second: PlaceCapture): number {
  let there = Number.POSITIVE_INFINITY
  let back = Number.NEGATIVE_INFINITY
  for (const [one, other] of pairs) {
    if (one === null || other === null) continue
    for (const [mine, theirs] of matched(one.prints, other.prints).both) {
      const ahead = theirs.at - mine.at
      if (mine.fromClient) there = Math.min(there, ahead)
      else back = Math.max(back, ahead)
    }
  }
  const epochs = second.diagnoser.epoch - first.diagnoser.epoch
  if (there === Number.POSITIVE_INFINITY && back === Number.NEGATIVE_INFINITY) return Number.NaN
  if (there === Number.POSITIVE_INFINITY) return epochs + back
  return epochs + (back === Number.NEGATIVE_INFINITY ? there : (there + back) / 2)
}

/** What both captures of a connection have in common. */
export interface InBoth {
  /** Frames of the second capture by those of the first. */
  readonly frames: ReadonlyMap<number, number>
  /** What was split or joined between the two. */
  readonly pieces: readonly SamePiece[]
}

export function inBoth(first: Leg, second: Leg): InBoth {
  const { both, pieces } = matched(first.prints, rebased(second, first).prints)
  return { frames: new Map(both.map(([one, other]) => [one.frame, other.frame])), pieces }
}

interface Reports {
  readonly client: ReadonlyMap<number, CaptureDiagnosis>
  readonly server: ReadonlyMap<number, CaptureDiagnosis>
  readonly isBlind: { readonly client: boolean; readonly server: boolean }
}

function compareLegs(atClient: Leg | null, atServer: Leg | null, reports: Reports): ComparedConnection {
  const found = matched(atClient?.prints ?? [], atServer?.prints ?? [])
  const onlyFirst = reports.isBlind.server ? [] : found.onlyFirst
  const onlySecond = reports.isBlind.client ? [] : found.onlySecond
  const lostThere = onlyFirst.filter(({ fromClient }) => fromClient)
  const lostBack = onlySecond.filter(({ fromClient }) => !fromClient)
  const madeForClient = onlyFirst.filter(({ fromClient }) => !fromClient)
  const madeForServer = onlySecond.filter(({ fromClient }) => fromClient)
  const fromClientSide = atClient === null ? undefined : reports.client.get(atClient.facts.stream)
  const fromServerSide = atServer === null ? undefined : reports.server.get(atServer.facts.stream)
  const isInBoth = atClient !== null && atServer !== null
  const known = { lostThere, lostBack, madeForClient, madeForServer, fromServerSide, isInBoth }
  const hops =
    atClient === null || atServer === null ? 0 : atClient.facts.client.ttl - atServer.facts.client.ttl
  return {
    streams: { client: atClient?.facts.stream ?? null, server: atServer?.facts.stream ?? null },
    diagnosis: refine(fromClientSide ?? fromServerSide!, known),
    hops: atClient === null || atServer === null ? null : Math.max(0, hops),
    lost: { toServer: lossOf(lostThere), toClient: lossOf(lostBack) },
    made: { atClient: framesOf(madeForClient), atServer: framesOf(madeForServer) },
    changed:
      atClient === null || atServer === null
        ? []
        : changes(atClient.facts, atServer.facts, fromClientSide, fromServerSide),
  }
}

const framesOf = (prints: readonly Print[]): number[] => prints.slice(0, MAX_FRAMES).map(({ frame }) => frame)
const lossOf = (prints: readonly Print[]): LegLoss => ({ packets: prints.length, frames: framesOf(prints) })

interface Known {
  readonly lostThere: readonly Print[]
  readonly lostBack: readonly Print[]
  readonly madeForClient: readonly Print[]
  readonly madeForServer: readonly Print[]
  readonly fromServerSide: CaptureDiagnosis | undefined
  readonly isInBoth: boolean
}

/** What the server's capture says where its answer goes out and never arrives. */
const OF_LOST_ANSWERS: ReadonlySet<CaptureVerdict> = new Set<CaptureVerdict>([
  'path-mtu-black-hole',
  'unacknowledged',
  'state-lost-silently',
  'unreachable-midway',
])

/** What could not be told from one side alone. */
function refine(diagnosis: CaptureDiagnosis, known: Known): CaptureDiagnosis {
  const { lostThere, lostBack, madeForClient, madeForServer, fromServerSide } = known
  const made = [...madeForClient, ...madeForServer].find(({ flags }) => (flags & RST) !== 0)
  // What the client is told by a proxy, a reset of the server itself is behind.
  if (diagnosis.verdict === 'refused' && fromServerSide?.verdict === 'refused')
    return { ...diagnosis, ambiguous: false, confidence: 'certain' }
  // A capture without anything of an open connection was made elsewhere, or begins later.
  const isElsewhere = !known.isInBoth && diagnosis.phase !== 'connect'
  if (made !== undefined && diagnosis.resetBy !== null && !isElsewhere && !diagnosis.healthy) {
    const isSick = fromServerSide !== undefined && !fromServerSide.healthy
    return {
      ...diagnosis,
      sees: isSick ? { client: diagnosis.sees.client, server: fromServerSide.sees.server } : diagnosis.sees,
      verdict:
        diagnosis.phase === 'connect'
          ? 'refused-by-middlebox'
          : diagnosis.verdict === 'state-lost'
            ? 'state-lost'
            : 'reset-by-middlebox',
      culprit: 'middlebox',
      resetBy: 'middlebox',
      confidence: 'certain',
      ambiguous: false,
      sentence: `something between the two captures made the reset of frame ${made.frame}: the other side never sent it`,
    }
  }
  // To the client the server seems not to answer, and at the server the answer is sent in vain.
  if (diagnosis.verdict === 'no-response' && lostBack.length > 0 && fromServerSide !== undefined) {
    const { verdict } = fromServerSide
    if (OF_LOST_ANSWERS.has(verdict))
      return told({ ...fromServerSide, sees: diagnosis.sees }, backText(lostBack))
  }
  if (isSickAtServer(diagnosis, known)) return told(known.fromServerSide!, lossText(known))
  if (!diagnosis.ambiguous) return diagnosis
  const isSyn = ({ flags }: Print): boolean => (flags & SYN) !== 0
  const lostOne = lostThere.length > 0
  if (lostOne && fromServerSide === undefined) {
    return told(
      diagnosis,
      `nothing of it arrives at the server: it is lost on the way there${lostThere.some(isSyn) ? ', from the SYN on' : ''}`,
    )
  }
  if (lostOne || lostBack.length > 0) return told(diagnosis, lossText(known))
  return fromServerSide === undefined ? diagnosis : deaf(diagnosis)
}

/** Nothing is lost, and one of the two hosts does not answer what arrives. */
function deaf(diagnosis: CaptureDiagnosis): CaptureDiagnosis {
  const { sees, culprit, sentence } = diagnosis
  const isClient = sees.server !== null && sees.server.outcome !== 'unaware' && culprit === 'path'
  const host = isClient ? 'client' : 'server'
  return {
    ...diagnosis,
    ambiguous: false,
    culprit: isClient ? 'client-host' : (culprit ?? 'server-host'),
    sentence: `${sentence}; all of it arrives at the ${host}, whose host does not answer`,
  }
}

/** To the client nothing is the matter, as what went wrong never came to it. */
function isSickAtServer(
  diagnosis: CaptureDiagnosis,
  { fromServerSide, lostBack, lostThere }: Known,
): boolean {
  if (fromServerSide === undefined || fromServerSide.healthy) return false
  // Where the client sees no more than that its FIN is not heard, the server may know what was the matter before.
  const isLater = diagnosis.phase === 'close' && OF_LOST_ANSWERS.has(fromServerSide.verdict)
  if (isLater && fromServerSide.phase !== 'close') return lostBack.length + lostThere.length > 0
  return diagnosis.healthy && lostBack.length > 0
}

const backText = ({ length }: readonly Print[]): string =>
  `${counted(length, 'packet')} of the server ${length === 1 ? 'is' : 'are'} lost on the way back`

function lossText({ lostThere, lostBack }: Known): string {
  const there = lostThere.length
  if (lostBack.length === 0)
    return `${counted(there, 'packet')} of the client ${there === 1 ? 'is' : 'are'} lost on the way to the server`
  if (there === 0) return `what the client sends arrives; ${backText(lostBack)}`
  return `packets are lost both ways: ${there} to the server, ${lostBack.length} to the client`
}

function told(diagnosis: CaptureDiagnosis, where: string): CaptureDiagnosis {
  const culprit = diagnosis.culprit === null || diagnosis.culprit === 'path' ? 'path' : diagnosis.culprit
  return {
    ...diagnosis,
    culprit,
    ambiguous: false,
    confidence: 'certain',
    sentence: `${diagnosis.sentence}; ${where}`,
  }
}

function changes(
  atClient: ConnectionFacts,
  atServer: ConnectionFacts,
  fromClientSide: CaptureDiagnosis | undefined,
  fromServerSide: CaptureDiagnosis | undefined,
): string[] {
  const changed: string[] = []
  const say = (what: string, one: string | number, other: string | number): void => {
    if (one !== other) changed.push(`${what}: ${one} at the client's side, ${other} at the server's`)
  }
  say('address of the client (NAT)', fromClientSide?.client ?? '', fromServerSide?.client ?? '')
  say('address of the server (NAT)', fromClientSide?.server ?? '', fromServerSide?.server ?? '')
  for (const who of ['client', 'server'] as const) {
    const one = atClient[who]
    const other = atServer[who]
    if (!one.hasIsn || !other.hasIsn) continue
    say(`first number of the ${who} (randomized)`, one.isn >>> 0, other.isn >>> 0)
    if (one.optionsCut || other.optionsCut) continue
    say(`MSS that the ${who} offers (clamping)`, one.mss, other.mss)
    say(`window scale that the ${who} offers (-1: none)`, one.scale, other.scale)
    if (one.hasTimestamps !== other.hasTimestamps)
      changed.push(`timestamps of the ${who} are taken out on the way`)
  }
  return changed
}
