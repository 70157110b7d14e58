/** What poll(2) and epoll(7) say of a descriptor: as Linux' tcp_poll and its pipes do. */

import { CONSTANTS } from './constants.ts'
import type { Description } from './descriptors.ts'
import type { TcpSocket } from './tcp-socket.ts'

const { POLLIN, POLLOUT, POLLPRI, POLLERR, POLLHUP, POLLRDHUP, POLLRDNORM, POLLWRNORM } = CONSTANTS
const READABLE = POLLIN | POLLRDNORM
const WRITABLE = POLLOUT | POLLWRNORM

/** These are told without being asked for. */
export const ALWAYS_TOLD = POLLERR | POLLHUP

export function readiness(description: Description): number {
  switch (description.kind) {
    case 'socket':
      return socketReadiness(description)
    case 'pipe':
      return description.readiness()
    case 'file':
      return READABLE | WRITABLE
    case 'epoll':
      return description.hasReady() ? READABLE : 0
  }
}

function socketReadiness(socket: TcpSocket): number {
  if (socket.listener !== null) return socket.listener.waiting > 0 ? READABLE : 0
  const error = socket.error === null ? 0 : POLLERR
  const { isClosed, sendShut } = socket
  const receiveShut = socket.receiveShut
  let mask = error
  if (isClosed || (receiveShut && sendShut)) mask |= POLLHUP
  if (receiveShut) mask |= READABLE | POLLRDHUP
  if (socket.isConnecting) return mask
  const { connection, settings, urgent } = socket
  if (connection !== null) {
    const outOfBand = settings.oobInline === 0 && urgent.active && urgent.distance(connection) === 0 ? 1 : 0
    const end = socket.peerClosed ? 1 : 0
    if (socket.readable + end >= settings.receiveLowWater + outOfBand) mask |= READABLE
    if (urgent.active && !urgent.taken && urgent.octet(connection) !== null) mask |= POLLPRI
  }
  if (sendShut || socket.isWritable) mask |= WRITABLE
  else socket.memory.wantsRoom = true // who asks wants to be told
  return mask
}
