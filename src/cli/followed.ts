/** A connection of the command line: a socket of elko/net, and the connection beneath it, which outlives the socket. */

import type { Socket } from '../net/socket.ts'
import type { SocketHandle } from '../net/socket-handle.ts'
import type { TcpSocket } from '../net/socket-methods.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'

export class Followed {
  readonly socket: Socket
  readonly #target: string
  /** Of the newest attempt to connect, or of the connection that was accepted. */
  #handle: SocketHandle | null

  /** @param target what it is called before there is a connection: 'host port'. */
  constructor(socket: Socket, target = '') {
    const inner = socket as unknown as TcpSocket
    this.socket = socket
    this.#target = target
    this.#handle = inner._handle
    socket.on('connectionAttempt', () => {
      this.#handle = inner._handle
    })
  }

  /** Null where none was begun. */
  get connection(): HostedConnection | null {
    return this.#handle?.connection ?? null
  }

  /** '10.7.0.1:80'. */
  get remote(): string {
    return this.connection?.tcb.path.remoteText ?? this.#target
  }
}
