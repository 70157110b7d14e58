/** How a socket parts with its handle: closed, reset, or left to itself. */

import { systemError } from './errors.ts'
import { NOBODY } from './handle-owner.ts'
import type { SocketHandle } from './socket-handle.ts'
import type { TcpSocket } from './socket-methods.ts'

export function closeHandle(socket: TcpSocket, handle: SocketHandle, hadError: boolean): void {
  const closed = (): void => {
    socket.emit('close', hadError)
  }
  if (socket.resetAndClosing === true) {
    socket.resetAndClosing = false
    const refused = handle.reset(closed)
    if (refused !== null) {
      // As in Node nobody closes the handle then: it reads on, for nobody, and there is no 'close'.
      handle.owner = NOBODY
      socket.emit('error', systemError(refused, 'reset'))
    }
  } else if (socket._closeAfterHandlingError) {
    // Whoever hears of the error may still look at the handle (TLS).
    queueMicrotask(() => {
      handle.close(() => {
        closed()
        forgetHandle(socket)
      })
    })
    return
  } else {
    handle.close(closed)
  }
  forgetHandle(socket)
}

function forgetHandle(socket: TcpSocket): void {
  socket._handle = null
  socket._sockname = null
}
