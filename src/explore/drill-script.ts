/**
 * What one side saw and did on a path, as a packetdrill script: the other side's packets are injected, its own expected.
 *
 * The script asserts what the connection did, which is the fault where a path ends in one. It is in the BSDs' dialect,
 * because their switches reach segments as small as these.
 */

import { decodeIp } from '../wire/ip.ts'
import { IpHeader } from '../wire/ip-header.ts'
import { ACK, FIN, PSH, RST, Segment, SYN, URG } from '../wire/segment.ts'
import { decodeTcp } from '../wire/tcp.ts'
import { ABORT, CLOSE, OPEN, RECEIVE, SEND } from './host.ts'
import type { Scenario, SidePlan } from './plan.ts'
import type { Deed, Replay } from './replay.ts'

const FLAG_LETTERS: readonly (readonly [number, string])[] = [
  [FIN, 'F'],
  [SYN, 'S'],
  [RST, 'R'],
  [PSH, 'P'],
  [ACK, '.'],
  [URG, 'U'],
]
const IP_AND_TCP_HEADER = 40
const LISTENING_FD = 3
const ACCEPTED_FD = 4

/** @param problem what is wrong at its end, for the comment at its top. */
export function drillScript(scenario: Scenario, replay: Replay, side: 0 | 1, problem: string): string {
  const plan = scenario.sides[side]
  const lines = [
    `// ${problem}`,
    `// Scenario '${scenario.name}' of npm run explore, seen by ${'ab'[side]}: ${scenario.about}.`,
    '// It asserts what happened, wrong or not. Windows that are offered may differ from those of the run.',
    '',
    `--mtu=${IP_AND_TCP_HEADER + (plan.config?.mssLimit ?? 0)}`,
    '',
    `\`${switches(plan).join('\n')}\``,
    '',
  ]
  const writer = new ScriptWriter(plan)
  for (const deed of replay.deeds[side]) lines.push(...writer.linesOf(deed))
  return `${lines.join('\n')}\n`
}

function switches({ config = {} }: SidePlan): string[] {
  const { sendBufferBytes = 0, receiveBufferBytes = 0 } = config
  return [
    'sysctl -q net.inet.tcp.minmss=1',
    `sysctl -q net.inet.tcp.sendspace=${sendBufferBytes}`,
    `sysctl -q net.inet.tcp.recvspace=${receiveBufferBytes}`,
  ]
}

class ScriptWriter {
  readonly #plan: SidePlan
  #fd = LISTENING_FD
  #previousUs = 0
  #sends = 0
  /** The first sequence numbers: ours and the other side's. */
  readonly #first = { out: null as number | null, in: null as number | null }
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()

  constructor(plan: SidePlan) {
    this.#plan = plan
  }

  linesOf(deed: Deed): string[] {
    const time = `+${((deed.at - this.#previousUs) / 1e6).toString()}`
    this.#previousUs = deed.at
    const texts = deed.kind === 'call' ? this.#call(deed) : [this.#packet(deed.kind, deed.octets)]
    return texts.map((text, i) => `${(i === 0 ? time : '+0').padEnd(6)} ${text}`)
  }

  #call({ call, octets }: Deed & { readonly kind: 'call' }): string[] {
    if (call === OPEN) return this.#open()
    const texts: string[] = []
    if (this.#fd === LISTENING_FD && this.#plan.opens === 'passive' && call <= ABORT) {
      texts.push(`accept(${LISTENING_FD}, ..., ...) = ${ACCEPTED_FD}`)
      this.#fd = ACCEPTED_FD
    }
    const fd = this.#fd
    if (call === SEND) {
      const isUrgent = this.#plan.urgent === this.#sends++
      texts.push(
        isUrgent
          ? `send(${fd}, ..., ${octets}, MSG_OOB) = ${octets}`
          : `write(${fd}, ..., ${octets}) = ${octets}`,
      )
    } else if (call === RECEIVE && octets > 0) {
      texts.push(`read(${fd}, ..., ${octets}) = ${octets}`)
    } else if (call === CLOSE) {
      texts.push(this.#plan.releases === true ? `close(${fd}) = 0` : `shutdown(${fd}, SHUT_WR) = 0`)
    } else if (call === ABORT) {
      texts.push(`setsockopt(${fd}, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0`, `close(${fd}) = 0`)
    }
    return texts
  }

  #open(): string[] {
    const { config = {}, opens } = this.#plan
    const fd = LISTENING_FD
    const texts = [`socket(..., SOCK_STREAM, IPPROTO_TCP) = ${fd}`]
    if (config.nagle === false) texts.push(`setsockopt(${fd}, SOL_TCP, TCP_NODELAY, [1], 4) = 0`)
    if (opens === 'passive') return [...texts, `bind(${fd}, ..., ...) = 0`, `listen(${fd}, 1) = 0`]
    return [
      ...texts,
      `fcntl(${fd}, F_SETFL, O_RDWR|O_NONBLOCK) = 0`,
      `connect(${fd}, ..., ...) = -1 EINPROGRESS (Operation now in progress)`,
    ]
  }

  #packet(direction: 'in' | 'out', octets: Uint8Array): string {
    const segment = this.#segment
    decodeIp(octets, 0, octets.length, this.#ip)
    decodeTcp(octets, this.#ip, segment, false)
    const { flags } = segment
    if ((flags & SYN) !== 0) this.#first[direction] ??= segment.seq
    const other = direction === 'in' ? 'out' : 'in'
    const letters = FLAG_LETTERS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter)
    const start = (segment.seq - (this.#first[direction] ?? segment.seq)) | 0
    const words = [
      direction === 'in' ? '<' : '>',
      letters.join('') || '-',
      `${start}:${start + segment.textLength}(${segment.textLength})`,
    ]
    if ((flags & ACK) !== 0) words.push(`ack ${(segment.ack - (this.#first[other] ?? segment.ack)) | 0}`)
    if (direction === 'in') words.push(`win ${segment.window}`)
    if ((flags & URG) !== 0) words.push(`urg ${segment.urgentPointer}`)
    words.push(...optionsOf(direction, segment))
    return words.join(' ')
  }
}

/** What is offered differs with the system; what is injected must be exact. */
function optionsOf(direction: 'in' | 'out', { flags, mss, hasTimestamps, tsVal, tsEcr }: Segment): string[] {
  if (direction === 'out') return (flags & SYN) !== 0 || hasTimestamps ? ['<...>'] : []
  const options: string[] = []
  if (mss >= 0) options.push(`mss ${mss}`)
  if (hasTimestamps) options.push(`nop,nop,TS val ${tsVal >>> 0} ecr ${tsEcr >>> 0}`)
  return options.length === 0 ? [] : [`<${options.join(',')}>`]
}
