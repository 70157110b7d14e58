/** struct iovec and struct msghdr: messages of several parts with control data, out and in. */

import { CONSTANTS } from '../posix/constants.ts'
import { DEFAULT_ARGUMENT, type Structure, type Value } from '../posix/value.ts'
import type { Libc } from './libc.ts'
import { isList, isStructure, memory, NAME_OCTETS, NoForm, numberFrom, octetsOut, viewOf } from './memory.ts'

/** A message in memory; everything in `parts` must live as long as the call. */
export interface Message {
  readonly header: Uint8Array
  readonly parts: readonly Uint8Array[]
  readonly control: Uint8Array
}

const IOVEC_OCTETS = 16
const MSGHDR_OCTETS = 56
const MSG_IOV = 16
const MSG_CONTROL = 32
const MSG_CONTROLLEN = 40
const MSG_FLAGS = 48
const CMSG_HEADER = 16
const CONTROL_OCTETS = 512

/** An array of struct iovec. Each entry of the script: `{..., LENGTH}` or `{"text", LENGTH}`. */
export function vectorOut(libc: Libc, value: Value | undefined): { array: Uint8Array; parts: Uint8Array[] } {
  if (!isList(value)) throw new NoForm('iovec: expected a list')
  const parts: Uint8Array[] = []
  const array = memory(value.length * IOVEC_OCTETS)
  const view = viewOf(array)
  for (const [i, entry] of value.entries()) {
    if (!isStructure(entry)) throw new NoForm('iovec: expected structures')
    const length = numberFrom(entry['1'] ?? entry.iov_len, 'iov_len')
    const part = octetsOut(entry['0'] ?? entry.iov_base, length)
    if (part !== null) parts.push(part)
    view.setBigUint64(i * IOVEC_OCTETS, part === null ? 0n : libc.addressOf(part), true)
    view.setBigUint64(i * IOVEC_OCTETS + 8, BigInt(length), true)
  }
  return { array, parts }
}

/** A message to send, or the room for one to receive. */
export function messageOut(libc: Libc, value: Value | undefined, receives: boolean): Message {
  if (!isStructure(value)) throw new NoForm('msghdr: expected a structure')
  const { array, parts } = vectorOut(libc, value.msg_iov ?? [])
  const header = memory(MSGHDR_OCTETS)
  const control = receives ? memory(CONTROL_OCTETS) : controlOut(value.msg_control)
  const name = memory(NAME_OCTETS)
  const view = viewOf(header)
  if (receives) {
    view.setBigUint64(0, libc.addressOf(name), true)
    view.setUint32(8, NAME_OCTETS, true)
  }
  view.setBigUint64(MSG_IOV, libc.addressOf(array), true)
  view.setBigUint64(MSG_IOV + 8, BigInt(isList(value.msg_iov) ? value.msg_iov.length : 0), true)
  if (control.length > 0) {
    view.setBigUint64(MSG_CONTROL, libc.addressOf(control), true)
    view.setBigUint64(MSG_CONTROLLEN, BigInt(control.length), true)
  }
  return { header, parts: [...parts, array, name], control }
}

function controlOut(value: Value | undefined): Uint8Array {
  if (!isList(value)) return new Uint8Array(0)
  const whole = memory(value.length * (CMSG_HEADER + 8))
  const view = viewOf(whole)
  for (const [i, entry] of value.entries()) {
    if (!isStructure(entry)) throw new NoForm('msg_control: expected structures')
    const at = i * (CMSG_HEADER + 8)
    view.setBigUint64(at, BigInt(CMSG_HEADER + 4), true)
    view.setInt32(at + 8, numberFrom(entry.cmsg_level, 'cmsg_level'), true)
    view.setInt32(at + 12, numberFrom(entry.cmsg_type, 'cmsg_type'), true)
    view.setInt32(at + CMSG_HEADER, numberFrom(entry.cmsg_data, 'cmsg_data'), true)
  }
  return whole
}

/** What recvmsg left, in the shape that was passed. */
export function messageIn(value: Value | undefined, message: Message): Value {
  const given = value as Structure
  const view = viewOf(message.header)
  const came: Record<string, Value> = { ...given, msg_flags: view.getInt32(MSG_FLAGS, true) }
  if (given.msg_control !== undefined && given.msg_control !== DEFAULT_ARGUMENT) {
    came.msg_control = controlIn(message.control, Number(view.getBigUint64(MSG_CONTROLLEN, true)))
  }
  return came
}

function controlIn(control: Uint8Array, length: number): Value[] {
  const view = viewOf(control)
  const entries: Value[] = []
  for (let at = 0; at + CMSG_HEADER <= length; ) {
    const octets = Number(view.getBigUint64(at, true))
    if (octets < CMSG_HEADER) break
    const level = view.getInt32(at + 8, true)
    const type = view.getInt32(at + 12, true)
    entries.push({
      cmsg_level: level,
      cmsg_type: type,
      cmsg_data: dataIn(view, level, type, at + CMSG_HEADER),
    })
    at += (octets + 7) & ~7
  }
  return entries
}

function dataIn(view: DataView, level: number, type: number, at: number): Value {
  const isStamp = level === CONSTANTS.SOL_SOCKET && type === CONSTANTS.SO_TIMESTAMPING
  if (!isStamp) return view.getInt32(at, true)
  return { scm_sec: Number(view.getBigInt64(at, true)), scm_nsec: Number(view.getBigInt64(at + 8, true)) }
}
