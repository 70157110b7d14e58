/** TCP options in tcpdump's words: `mss 1460,nop,wscale 7,sack 1 {1:2}`. */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { hexText, optionsOf, optionValues, type SeenOption } from '../dissect/tcp-details.ts'
import * as kinds from '../wire/tcp-options.ts'

/**
 * `, options [mss 1460,nop,wscale 7]`; the empty text where there are none.
 * @param base what is subtracted from the edges of SACK blocks.
 */
export function tcpdumpOptions(packet: Packet, tcp: TcpFields, base: number): string {
  const options = optionsOf(packet, tcp)
  const words = options.map((option) => optionText(packet.bytes, option, base))
  const last = options.at(-1)
  const end = last === undefined ? tcp.at + 20 : last.at + last.length
  const isCut = end < Math.min(tcp.at + tcp.headerLength, packet.end) && last?.kind !== kinds.KIND_EOL
  // Behind an option that cannot be read tcpdump prints no more, not even the bracket.
  if (isCut) return `, options [${words.join(',')}${words.length > 0 ? ',' : ''}[bad opt]`
  return words.length === 0 ? '' : `, options [${words.join(',')}]`
}

function optionText(bytes: Uint8Array, option: SeenOption, base: number): string {
  const { kind, length, at } = option
  const values = optionValues(bytes, option)
  switch (kind) {
    case kinds.KIND_EOL:
      return 'eol'
    case kinds.KIND_NOP:
      return 'nop'
    case kinds.KIND_MSS:
      return `mss ${values[0] ?? ''}`
    case kinds.KIND_WINDOW_SCALE:
      return `wscale ${values[0] ?? ''}`
    case kinds.KIND_SACK_PERMITTED:
      return 'sackOK'
    case kinds.KIND_TIMESTAMPS:
      return `TS val ${values[0] ?? ''} ecr ${values[1] ?? ''}`
    case kinds.KIND_SACK:
      return sackText(values, base)
    case kinds.KIND_MD5:
      return `md5 shared secret not supplied with -M, can't check - ${hex(bytes, at + 2, length - 2)}`
    case kinds.KIND_TFO:
      return length === 2 ? 'tfo  cookiereq' : `tfo  cookie ${hex(bytes, at + 2, length - 2)}`
    case kinds.KIND_UTO: {
      const word = (bytes[at + 2]! << 8) | bytes[at + 3]!
      return `uto 0x${word.toString(16)} ${word & 0x7fff}${word & 0x8000 ? 'min' : 'sec'}`
    }
    case kinds.KIND_AO:
      return length < 4 ? 'tcp-ao (invalid)' : authenticationText(bytes, at, length)
    case kinds.KIND_EXPERIMENT_2:
      if (length >= 4 && bytes[at + 2] === 0xf9 && bytes[at + 3] === 0x89) {
        return length === 4 ? 'exp-tfo cookiereq' : `exp-tfo cookie ${hex(bytes, at + 4, length - 4)}`
      }
      return unknownText(bytes, option)
    default:
      return unknownText(bytes, option)
  }
}

function authenticationText(bytes: Uint8Array, at: number, length: number): string {
  const code = length > 4 ? ` mac 0x${hex(bytes, at + 4, length - 4)}` : ''
  return `tcp-ao keyid ${bytes[at + 2]} rnextkeyid ${bytes[at + 3]}${code}`
}

function unknownText(bytes: Uint8Array, { kind, length, at }: SeenOption): string {
  return `unknown-${kind}${length > 2 ? ` 0x${hex(bytes, at + 2, length - 2)}` : ''}`
}

function sackText(edges: readonly number[], base: number): string {
  let text = `sack ${edges.length >> 1} `
  for (let k = 0; k + 1 < edges.length; k += 2)
    text += `{${(edges[k]! - base) >>> 0}:${(edges[k + 1]! - base) >>> 0}}`
  return text
}

const hex = (bytes: Uint8Array, at: number, length: number): string =>
  hexText(bytes.subarray(at, at + length))
