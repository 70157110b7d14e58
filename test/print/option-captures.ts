/** A capture of segments with one option each: all that Wireshark's column Info has a word for, right and wrong ones. */

const option = (kind: number, ...value: number[]): number[] => [kind, value.length + 2, ...value]
const octets = (count: number): number[] => Array.from({ length: count }, (_, k) => k + 1)

/** Header octets behind the first twenty, before padding. */
export const OPTIONS: readonly (readonly number[])[] = [
  option(2, 5, 180),
  option(3, 7),
  option(3, 20),
  option(4),
  option(8, ...octets(8)),
  option(5, ...octets(8)),
  option(5, ...octets(16)),
  option(6, 0, 0, 0, 5),
  option(7, 0, 0, 0, 6),
  option(11, 0, 0, 0, 7),
  option(12, 0, 0, 0, 7),
  option(13, 0, 0, 0, 7),
  option(19, ...octets(16)),
  option(28, 0x80, 5),
  option(29, ...octets(16)),
  option(34),
  option(34, ...octets(8)),
  option(253, 0xf9, 0x89),
  option(254, 0xf9, 0x89),
  option(254, 0xf9, 0x89, ...octets(8)),
  option(254, 1, 2, 3, 4),
  option(172, ...octets(9)),
  option(172, ...octets(3)),
  option(174, ...octets(9)),
  option(99, 1, 2, 3),
  [1, ...option(99, 1, 2, 3), ...option(2, 5, 180)],
  [...option(2, 5, 180), ...option(2, 5, 181)],
  [...option(8, ...octets(8)), ...option(2, 5, 180)],
  // What cannot be.
  option(2, 1, 2, 3),
  option(3, 1, 2),
  option(4, 1),
  option(8, 1, 2, 3, 4),
  option(5, ...octets(9)),
  option(5),
  [...option(5, 1, 2), ...option(2, 5, 180)],
  [0, ...option(2, 1, 2)],
  [2, 40],
  [2, 1],
]

/** A SYN from a port, raw IPv4 without checksums. */
export function segmentWith(option: readonly number[], port: number): number[] {
  const padded = [...option, ...new Array<number>((4 - (option.length % 4)) % 4).fill(0)]
  const ports = [port >> 8, port & 0xff, 0, 80]
  const length = 20 + padded.length
  const tcp = [...ports, 0, 0, 0, 1, 0, 0, 0, 0, (length / 4) << 4, 2, 0, 100, 0, 0, 0, 0, ...padded]
  return [0x45, 0, 0, 20 + length, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, ...tcp]
}

/** pcap of raw IP, a second between packets. */
export function captureOf(packets: readonly (readonly number[])[]): Uint8Array {
  const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer)
  const records = packets.flatMap((packet, k) => [
    words(k, 0, packet.length, packet.length),
    Uint8Array.from(packet),
  ])
  return Buffer.concat([words(0xa1b2c3d4, 0x0004_0002, 0, 0, 65535, 101), ...records])
}
