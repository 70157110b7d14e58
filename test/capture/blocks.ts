/** Big-endian pcapng blocks, put together by hand. */

import { joined } from '../../src/bytes/join.ts'

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value)
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

export function u64(value: number): Uint8Array {
  return joined([u32(Math.floor(value / 2 ** 32)), u32(value)])
}

export function option(code: number, value: readonly number[]): Uint8Array {
  const padding = new Array<number>((4 - (value.length % 4)) % 4).fill(0)
  return joined([u16(code), u16(value.length), Uint8Array.from([...value, ...padding])])
}

export function block(type: number, body: readonly Uint8Array[]): Uint8Array {
  const content = joined(body)
  const total = u32(content.length + 12)
  return joined([u32(type), total, content, total])
}
