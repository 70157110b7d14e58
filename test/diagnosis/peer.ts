/** One end of a provoked case, with Node's sockets: plays the script of script.ts, prints what each call gave. */

import { existsSync, writeFileSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { Lateness } from './lateness.ts'
import type { Op, PeerTask, Result } from './script.ts'

const task: PeerTask = JSON.parse(process.argv[2]!)
/** For a peer that hangs. */
const GUARD_MS = 60_000

type Told = Omit<Result, 'op'>

/** A socket and what has come out of it. */
class Peer {
  readonly socket: Socket
  octets = 0
  hasEnded = false
  error: NodeJS.ErrnoException | null = null
  private wake: () => void = () => {}

  constructor(socket: Socket, paused: boolean) {
    this.socket = socket
    socket.on('error', (error) => {
      this.error = error
      say({ op: 'event error', ...failure(error) })
      this.wake()
    })
    socket.on('close', () => this.wake())
    socket.on('end', () => {
      this.hasEnded = true
      this.wake()
    })
    if (paused) return
    socket.on('data', (data) => {
      this.octets += data.length
      this.wake()
    })
  }

  /** Waits until `enough`, the end, an error or the timer. */
  async until(enough: () => boolean, timeout = GUARD_MS): Promise<Told> {
    const deadline = AbortSignal.timeout(timeout)
    while (!enough()) {
      if (this.error !== null) return failure(this.error)
      if (this.hasEnded) return { ok: true, eof: true, n: this.take(this.octets) }
      if (this.socket.destroyed) return NOT_OPEN
      if (deadline.aborted) return { ok: false, timedOut: true }
      await new Promise<void>((resolve) => {
        this.wake = resolve
        deadline.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return { ok: true }
  }

  take(n: number): number {
    this.octets -= n
    return n
  }
}

const secret = Buffer.alloc(32, 'elko')
const PSK = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const
const PSK_CLIENT = {
  ...PSK,
  allowHalfOpen: true,
  pskCallback: () => ({ psk: secret, identity: 'test' }),
  checkServerIdentity: () => undefined,
} as const

const NOT_OPEN: Told = { ok: false, message: 'not open' }
const peers = new Map<string, Peer>()
const accepted: Socket[] = []
let acceptPaused = false

const say = (result: Result): void => {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
const failure = (error: NodeJS.ErrnoException): Told => ({
  ok: false,
  ...(error.code === undefined ? {} : { code: error.code }),
  message: error.message,
})

const lateness = new Lateness((ms) => say({ op: 'late', ok: true, n: ms }))

type Call<Name extends Op['op']> = Extract<Op, { op: Name }>

async function listen(op: Call<'listen'>): Promise<Told> {
  const options = { allowHalfOpen: true, pauseOnConnect: true }
  const made =
    op.tls === undefined
      ? createServer(options)
      : createTlsServer(op.tls === 'psk' ? { ...PSK, allowHalfOpen: true, pskCallback: () => secret } : {})
  made.on('tlsClientError', (error) => say({ op: 'event error', ...failure(error) }))
  made.on(op.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => accepted.push(socket))
  const bound = { port: op.port, ...(op.backlog === undefined ? {} : { backlog: op.backlog }) }
  await new Promise<void>((resolve) => made.listen({ ...bound, host: '::' }, resolve))
  return { ok: true }
}

async function accept(op: Call<'accept'>): Promise<Told> {
  const deadline = Date.now() + (op.timeout ?? GUARD_MS)
  while (accepted.length === 0) {
    if (Date.now() > deadline) return { ok: false, timedOut: true }
    await sleep(2)
  }
  acceptPaused = op.paused === true
  const peer = new Peer(accepted.shift()!, acceptPaused)
  peers.set(op.on ?? 'a', peer)
  if (!acceptPaused) peer.socket.resume()
  return { ok: true }
}

async function connect(op: Call<'connect'>): Promise<Told> {
  const host = op.host ?? task.host
  const local = op.local === undefined ? {} : { localPort: op.local }
  const socket =
    op.tls !== undefined
      ? tlsConnect({
          port: op.port,
          host,
          rejectUnauthorized: false,
          ...(op.tls === 'psk' ? PSK_CLIENT : {}),
        })
      : new Socket({ allowHalfOpen: true })
  const peer = new Peer(socket, op.paused === true)
  peers.set(op.on ?? 'a', peer)
  let isConnected = false
  socket.once(op.tls !== undefined ? 'secureConnect' : 'connect', () => {
    isConnected = true
    socket.emit('wake')
  })
  if (op.tls === undefined) socket.connect({ port: op.port, host, ...local })
  if (op.keepalive !== undefined) socket.setKeepAlive(true, op.keepalive.idle * 1000)
  const woken = new Promise<void>((resolve) => {
    for (const event of ['wake', 'close']) socket.once(event, resolve)
  })
  const isLate = await Promise.race([woken, sleep(op.timeout ?? GUARD_MS, 'late', { ref: false })])
  if (isConnected) return { ok: true }
  if (isLate === 'late') socket.destroy()
  peers.delete(op.on ?? 'a')
  return isLate === 'late' ? { ok: false, timedOut: true } : { ok: false, message: 'not open' }
}

async function send(peer: Peer, op: Call<'send'>): Promise<Told> {
  if (peer.socket.destroyed) return { ok: false, code: 'ERR_STREAM_DESTROYED' }
  const octets = Buffer.alloc(op.n, 'x')
  octets.write(op.text ?? '')
  const written = new Promise<Told>((resolve) => {
    peer.socket.write(octets, (error) =>
      resolve(error === null || error === undefined ? { ok: true, n: op.n } : failure(error)),
    )
  })
  const late: Told = { ok: false, timedOut: true }
  return Promise.race([written, sleep(op.timeout ?? GUARD_MS, late, { ref: false })])
}

async function read(peer: Peer, n: number | null, timeout: number | undefined): Promise<Told> {
  const told = await peer.until(() => peer.octets >= (n ?? 1), timeout)
  if (!told.ok || told.eof === true) return told
  return { ok: true, n: peer.take(n ?? peer.octets) }
}

async function readAll(peer: Peer, timeout: number | undefined): Promise<Told> {
  const told = await peer.until(() => peer.hasEnded, timeout)
  return told.ok ? { ok: true, n: peer.take(peer.octets) } : told
}

async function end(peer: Peer, how: 'shutdown' | 'close' | 'abort'): Promise<Told> {
  if (how === 'shutdown') await new Promise<void>((resolve) => peer.socket.end(() => resolve()))
  else if (how === 'abort') peer.socket.resetAndDestroy()
  else peer.socket.destroy()
  return { ok: true }
}

async function wait(flag: string): Promise<Told> {
  for (const deadline = Date.now() + GUARD_MS; !existsSync(join(task.flags, flag)); await sleep(3)) {
    if (Date.now() > deadline) return { ok: false, message: 'the flag never came' }
  }
  return { ok: true }
}

async function call(op: Op): Promise<Told> {
  if (op.op === 'listen') return listen(op)
  if (op.op === 'accept') return accept(op)
  if (op.op === 'connect') return connect(op)
  if (op.op === 'wait') return wait(op.flag)
  if (op.op === 'sleep') return sleep(op.ms, { ok: true })
  if (op.op === 'hold') say({ op: 'hold', ok: true })
  if (op.op === 'hold') return sleep(3_600_000, { ok: true })
  if (op.op === 'touch') writeFileSync(join(task.flags, op.flag), '')
  if (op.op === 'die') {
    lateness.look()
    process.kill(process.pid, 'SIGKILL')
  }
  if (op.op === 'touch' || op.op === 'die') return { ok: true }
  if (op.op === 'connectmany' || op.op === 'repeat') return { ok: false, message: 'only in Python' }
  const peer = peers.get(op.on ?? 'a')
  if (peer === undefined) return NOT_OPEN
  if (op.op === 'send') return send(peer, op)
  if (op.op === 'readall') return readAll(peer, op.timeout)
  if (op.op === 'recv' || op.op === 'readfull') return read(peer, op.op === 'recv' ? null : op.n, op.timeout)
  return end(peer, op.op)
}

async function play(ops: readonly Op[]): Promise<void> {
  for (const op of ops) {
    if (op.op === 'repeat') for (let i = 0; i < op.n; i++) await play(op.ops)
    else say({ op: op.op, ...(await call(op)) })
  }
}

await play(task.script)
lateness.look()
process.exit(0)
