/** Frames with one TCP header behind every tunnel and tag that is looked through by default, by its name. */

export const hex = (text: string): number[] => [...Buffer.from(text.replaceAll(' ', ''), 'hex')]
const word = (value: number): number[] => [value >> 8, value & 255]
const TCP = hex('9c40 0050 00000001 00000000 5002 03e8 0000 0000')
const MACS = hex('020000000001 020000000002')
const ip = (protocol: number, text: readonly number[]): number[] => [
  ...[0x45, 0, ...word(20 + text.length), 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
  ...text,
]
const ip6 = (next: number, text: readonly number[]): number[] => [
  ...[0x60, 0, 0, 0, ...word(text.length), next, 64],
  ...hex('fd000000000000000000000000000001 fd000000000000000000000000000002'),
  ...text,
]
const udp = (port: number, text: readonly number[]): number[] => [
  ...[156, 64, ...word(port), ...word(8 + text.length), 0, 0],
  ...text,
]
const frame = (type: string, text: readonly number[]): number[] => [...MACS, ...hex(type), ...text]
export const INNER = ip(6, TCP)
export const FRAME = frame('0800', INNER)
export const inUdp = (port: number, head: string, text: readonly number[]): number[] =>
  frame('0800', ip(17, udp(port, [...hex(head), ...text])))
const inGre = (head: string, text: readonly number[]): number[] =>
  frame('0800', ip(47, [...hex(head), ...text]))

export const TUNNELS: Readonly<Record<string, readonly number[]>> = {
  'IP in IP': frame('0800', ip(4, INNER)),
  'IPv6 in IP': frame('0800', ip(41, ip6(6, TCP))),
  'an authentication header': frame(
    '0800',
    ip(51, [...hex('0604 0000 00000001 00000001'), ...new Array(12).fill(0), ...TCP]),
  ),
  EtherIP: frame('0800', ip(97, [...hex('3000'), ...FRAME])),
  'Ethernet in IPv6': frame('86dd', ip6(143, FRAME)),
  GRE: inGre('0000 0800', INNER),
  'GRE with key and number': inGre('3000 0800 00000001 00000002', INNER),
  'ERSPAN II': inGre('1000 88be 00000001 1001000100000000', FRAME),
  'ERSPAN III': inGre('1000 22eb 00000001 200100010000000000000000', FRAME),
  VXLAN: inUdp(4789, '0800000000000100', FRAME),
  'VXLAN-GPE': inUdp(4790, '0c00000100000100', INNER),
  Geneve: inUdp(6081, '0000655800000100', FRAME),
  'GTP-U': inUdp(2152, '30ff002800000001', INNER),
  L2TP: inUdp(1701, '000200010001 ff030021', INNER),
  Teredo: inUdp(3544, '', ip6(6, TCP)),
  LISP: inUdp(4341, '8000000000000001', INNER),
  'GRE in UDP': inUdp(4754, '0000 0800', INNER),
  AYIYA: inUdp(5072, '4411 0129 00000000 00000000000000000000000000000001 00000000', ip6(6, TCP)),
  'MPLS in UDP': inUdp(6635, '00001140', INNER),
  NSH: frame('894f', [...hex('0fc60103 00000101'), ...new Array(16).fill(0), ...FRAME]),
  TRILL: frame('22f3', [...hex('000000010002'), ...FRAME]),
  'provider bridging': frame('88e7', [...hex('00000001'), ...FRAME]),
  'a tag of IEEE 802.1BR': frame('893f', [...hex('000000010000 0800'), ...INNER]),
}
