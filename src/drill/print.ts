/** A script as text: parsing what this prints gives the same script, but for the places. */

import { ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../wire/segment.ts'
import type {
  CallAction,
  Expression,
  FlagsSpec,
  IcmpSpec,
  IpSpec,
  OptionSpec,
  PacketAction,
  Ports,
  Script,
  ScriptEvent,
  ScriptOption,
  SequenceRange,
  StructField,
  TcpSpec,
} from './script.ts'

const MICROSECONDS = 1_000_000
const FLAG_ORDER = [
  ['F', FIN],
  ['S', SYN],
  ['R', RST],
  ['P', PSH],
  ['.', ACK],
  ['U', URG],
  ['E', ECE],
  ['W', CWR],
  ['A', AE],
] as const

export function printScript(script: Script): string {
  const lines = script.options.map(printOption)
  if (script.init !== null) lines.push(`\`${script.init.text}\``)
  for (const event of script.events) lines.push(printEvent(event))
  if (script.cleanup !== null) lines.push(`\`${script.cleanup.text}\``)
  return `${lines.join('\n')}\n`
}

function printOption({ name, value }: ScriptOption): string {
  if (value === null) return `--${name}`
  // Only a word holds a text; and one that begins as a comment does is none.
  const isWord = value.includes('"') || /^[^\s"`/#][^\s"`]*(?:`[^`]*`)?$/.test(value)
  return `--${name}=${isWord ? value : `"${value}"`}`
}

export function printEvent({ time, action }: ScriptEvent): string {
  const until =
    action.kind === 'call' && action.blocksUntil !== null ? `...${seconds(action.blocksUntil)}` : ''
  return `${printTime(time)}${until} ${printAction(action)}`
}

function printTime(time: ScriptEvent['time']): string {
  switch (time.kind) {
    case 'any':
      return '*'
    case 'absolute':
      return seconds(time.at)
    case 'relative':
      return `+${seconds(time.at)}`
    case 'absolute-range':
      return `${seconds(time.from)}~${seconds(time.to)}`
    case 'relative-range':
      return `+${seconds(time.from)}~+${seconds(time.to)}`
  }
}

function seconds(microseconds: number): string {
  const whole = Math.floor(microseconds / MICROSECONDS)
  const fraction = String(microseconds % MICROSECONDS).padStart(6, '0')
  return fraction === '000000' ? String(whole) : `${whole}.${fraction.replace(/0+$/, '')}`
}

function printAction(action: ScriptEvent['action']): string {
  switch (action.kind) {
    case 'packet':
      return printPacket(action)
    case 'call':
      return printCall(action)
    case 'command':
      return `\`${action.text}\``
    case 'code':
      return `%{ ${action.text} }%`
  }
}

// ---- packets

/** From its direction on, e.g. `> S. 0:0(0) ack 1 win 65535 <mss 1460>`. */
export function printPacket({ direction, encapsulation, ip, body }: PacketAction): string {
  const outer = encapsulation.map(({ protocol, text }) => `${protocol}${text === '' ? '' : ` ${text}`}:`)
  return words([direction === 'in' ? '<' : '>', ...outer, printIp(ip), printBody(body)])
}

function printBody(body: PacketAction['body']): string {
  switch (body.kind) {
    case 'tcp':
      return printTcp(body)
    case 'udp':
      return words(['udp', printPorts(body.ports), `(${body.length})`])
    case 'icmp':
      return printIcmp(body)
  }
}

function printIp(ip: IpSpec): string {
  const items: string[] = []
  if (ip.dscp !== null) items.push(`dscp 0x${ip.dscp.toString(16)}`)
  if (ip.ecn !== null) items.push(ip.ecn)
  if (ip.tos !== null) items.push(`tos 0x${ip.tos.toString(16)}`)
  if (ip.ttl !== null) items.push(`ttl ${ip.ttl}`)
  if (ip.flowLabel !== null) items.push(`flowlabel 0x${ip.flowLabel.toString(16)}`)
  return items.length === 0 ? '' : `[${items.join(', ')}]`
}

function printPorts(ports: Ports | null): string {
  return ports === null ? '' : `${ports.source} > ${ports.destination}`
}

function printTcp(tcp: TcpSpec): string {
  const cause = tcp.resetCause
  const segment = words([
    printPorts(tcp.ports),
    printFlags(tcp.flags),
    printSequence(tcp),
    field('ack', tcp.ack),
    field('win', tcp.window),
    field('urg', tcp.urgent),
    printOptions(tcp.options),
    cause === null ? '' : `[code ${cause.code}, pen ${cause.pen}]`,
  ])
  return segment + printUdpAround(tcp.udp)
}

function printSequence({ sequence, sequenceIs }: TcpSpec): string {
  if (sequenceIs === 'any') return `...(${sequence.length})`
  return `${printRange(sequence)}${sequenceIs === 'absolute' ? '!' : ''}`
}

function printRange({ start, end, length }: SequenceRange): string {
  return `${start}:${end}(${length})`
}

/** e.g. `S.`, `P.5`, `-`. */
export function printFlags({ bits, ace }: FlagsSpec): string {
  const isAce = (bit: number) => bit === ECE || bit === CWR || bit === AE
  const letters = FLAG_ORDER.filter(([, bit]) => (bits & bit) !== 0 && !(ace && isAce(bit))).map(
    ([name]) => name,
  )
  const digit = (bits & ECE ? 1 : 0) | (bits & CWR ? 2 : 0) | (bits & AE ? 4 : 0)
  return `${letters.join('')}${ace ? digit : ''}` || '-'
}

/** `<...>`, `<mss 1460,nop>`, or nothing. */
function printOptions(options: TcpSpec['options']): string {
  if (options === null) return '<...>'
  return options.length === 0 ? '' : `<${options.map(printTcpOption).join(',')}>`
}

export function printTcpOption(option: OptionSpec): string {
  switch (option.kind) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return option.kind
    case 'mss':
      return `mss ${option.mss}`
    case 'wscale':
      return `wscale ${option.shift}`
    case 'sack':
      return words(['sack', ...option.blocks.map(({ left, right }) => `${left}:${right}`)])
    case 'TS': {
      const val = option.anyVal ? '...' : option.val
      return `TS val ${val} ecr ${option.ecr}${option.absoluteEcr ? '!' : ''}`
    }
    case 'FO':
      return words([option.experimental ? 'FOEXP' : 'FO', hexadecimal(option.cookie)])
    case 'md5':
      return `md5 ${option.digest === null ? 'valid' : hexadecimal(option.digest)}`
    case 'raw':
      return hexadecimal(option.octets)
    case 'other':
      return printOther(option.name, option.data)
  }
}

function printOther(name: string, data: Uint8Array): string {
  if (name.startsWith('gen-')) return words([name, hexadecimal(data)])
  const own = name.startsWith('exp-') ? data.subarray(2) : data
  if (name === 'exp-tarr') return words([name, own.length === 0 ? '' : String(own[0]! >> 1)])
  const order = /AccECN0$/.test(name) ? ['ee0b', 'eceb', 'ee1b'] : ['ee1b', 'eceb', 'ee0b']
  if (!/AccECN[01]$/.test(name)) return words([name, hexadecimal(own)])
  const counters = order.slice(0, Math.floor(own.length / 3))
  return words([
    name,
    ...counters.map((counter, i) => {
      const value = (own[3 * i]! << 16) | (own[3 * i + 1]! << 8) | own[3 * i + 2]!
      return `${counter} ${value}`
    }),
  ])
}

function printUdpAround(ports: Ports | null): string {
  return ports === null ? '' : `/udp(${printPorts(ports)})`
}

function printIcmp({ type, code, mtu, id, quoted }: IcmpSpec): string {
  return words(['icmp', type, code ?? '', field('mtu', mtu), field('id', id), printQuoted(quoted)])
}

function printQuoted(quoted: IcmpSpec['quoted']): string {
  if (quoted === null) return ''
  if (quoted.kind !== 'tcp') return `[${quoted.kind} (${quoted.length})]`
  return `[${printRange(quoted.sequence)}${printUdpAround(quoted.udp)}]`
}

// ---- system calls

/** From its name on; until when it blocks stands with the event's time. */
export function printCall({ name, args, result, errno, note }: CallAction): string {
  const call = `${name}(${args.map(printExpression).join(', ')})`
  const given = result === null ? '...' : printExpression(result)
  return words([call, '=', given, errno ?? '', note === null ? '' : `(${note})`])
}

export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'ellipsis':
      return '...'
    case 'integer':
      return String(expression.value)
    case 'string':
      return `"${escaped(expression.value)}"${expression.filled ? '...' : ''}`
    case 'symbol':
      return expression.name
    case 'or':
      return expression.operands.map(printExpression).join('|')
    case 'call':
      return `${expression.name}(${expression.args.map(printExpression).join(', ')})`
    case 'list':
      return `[${expression.items.map(printExpression).join(', ')}]`
    case 'struct':
      return `{${expression.fields.map(printField).join(', ')}}`
  }
}

function printField({ name, argument, value }: StructField): string {
  if (name === null) return printExpression(value)
  return `${name}${argument === null ? '' : `(${printExpression(argument)})`}=${printExpression(value)}`
}

function escaped(text: string): string {
  return text.replace(/["\\]|[^ -~]/g, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    const code = character.charCodeAt(0)
    return code > 0xff ? character : `\\x${code.toString(16).padStart(2, '0')}`
  })
}

// ---- both

function field(name: string, value: number | null): string {
  return value === null ? '' : `${name} ${value}`
}

function hexadecimal(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('')
}

function words(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ')
}
