/**
 * A simulated host: a stack, and the scripted applications on it, in virtual time on a network. The seed of the network
 * decides its secret, its ports and its sequence numbers, unless they are given.
 */

import type { InputLog } from '../stack/input-log.ts'
import { SECRET_LENGTH } from '../stack/siphash.ts'
import { Stack } from '../stack/stack.ts'
import { type Config, configure, DEFAULT_CONFIG, type Limits } from '../tcp/config.ts'
import { brokenInvariant } from '../tcp/invariants.ts'
import { CLOSED } from '../tcp/state.ts'
import { STATE_NAMES } from '../trace/states.ts'
import { type Call, GivesUp, type Script, Socket, type Wait } from './application.ts'
import type { Network, PacketEndpoint } from './network.ts'
import type { Random } from './random.ts'
import type { Note, ScenarioRecorder } from './scenario-recorder.ts'

export interface SimHostOptions {
  readonly name: string
  /** With prefix length: '192.0.2.1/24'. The first one is where its name leads. */
  readonly addresses: readonly string[]
  readonly config?: Partial<Config>
  readonly limits?: Partial<Limits>
  /** The initial sequence number of each connection; null or absent: as RFC 6528 has it. */
  readonly iss?: number | null
  /** The link's MTU, octets; default 1500. */
  readonly mtu?: number
  /** May listen on ports below 1024; default true. */
  readonly privileged?: boolean
  /** Sockets that its applications may have open at once; default 1024. */
  readonly maxSockets?: number
  /** Takes what its stack is given, and that of its next boot. */
  readonly record?: InputLog | null
}

interface Task {
  readonly script: Script
  /** null: it was never run. */
  wait: Wait | null
}

export class SimHost implements PacketEndpoint {
  readonly name: string
  readonly recorder: ScenarioRecorder
  readonly privileged: boolean
  readonly listeningPorts = new Set<number>()
  /** Every socket with a connection that its applications ever had. */
  readonly sockets: Socket[] = []
  openSockets = 0
  stack: Stack
  /** Initial sequence number of the connections from now on; null: as RFC 6528 has it. */
  iss: number | null
  readonly #network: Network
  readonly #options: SimHostOptions
  readonly #random: Random
  readonly #secret = new Uint8Array(SECRET_LENGTH)
  #tasks: Task[] = []
  #isDown = false

  constructor(network: Network, recorder: ScenarioRecorder, options: SimHostOptions) {
    this.name = options.name
    this.recorder = recorder
    this.privileged = options.privileged ?? true
    this.iss = options.iss ?? null
    this.#network = network
    this.#options = options
    this.#random = network.random.fork(`host ${options.name}`)
    this.#random.fill(this.#secret)
    this.stack = this.#boot()
    const plain = options.addresses.map((text) => text.slice(0, text.indexOf('/')))
    network.host(options.name, this, plain)
    network.application(() => this.#runTasks())
    network.afterEvent(() => this.#check())
  }

  get now(): number {
    return this.#network.now
  }

  /** Its first address, without prefix length. */
  get address(): string {
    const [first] = this.#options.addresses
    return first!.slice(0, first!.indexOf('/'))
  }

  /** It has crashed, and was not started again yet. */
  get isDown(): boolean {
    return this.#isDown
  }

  // ---- what scripts use

  /** Starts a script at a time of the run. */
  program(script: (host: SimHost) => Script, atMs = 0): void {
    this.#network.at(atMs * 1000, () => {
      if (!this.#isDown) this.#tasks.push({ script: script(this), wait: null })
    })
  }

  /** socket(2). Where the process has too many, `errno` of what comes back says so. */
  socket(): Socket {
    const socket = new Socket(this)
    if (this.openSockets >= (this.#options.maxSockets ?? 1024)) {
      socket.errno = 'EMFILE'
      socket.say('socket() fails: EMFILE')
      return socket
    }
    this.openSockets++
    socket.say('socket()')
    return socket
  }

  *sleep(ms: number): Call<void> {
    yield { ready: () => false, untilUs: this.now + ms * 1000 }
  }

  *until(ready: () => boolean): Call<void> {
    yield { ready, untilUs: Number.POSITIVE_INFINITY }
  }

  /** A section starts here. */
  heading(text: string): void {
    this.note('heading', text, 0, '')
  }

  remark(text: string): void {
    this.note('remark', text, 0, '')
  }

  /** @param host '' for what is said of the whole run. */
  note(kind: Note['kind'], text: string, connection: number, host = this.name): Note {
    const note: Note = { at: this.now, host, connection, kind, text }
    this.recorder.add(note)
    return note
  }

  /** The power fails: applications, connections and packets for it are gone, and nobody is told. */
  crash(): void {
    this.note('application', 'CRASH', this.sockets.at(-1)?.connection?.tcb.id ?? 0)
    for (const { tcb } of this.stack.connections()) {
      if (tcb.state === CLOSED) continue
      const from = STATE_NAMES[tcb.state]
      const { name: host, now: at } = this
      this.recorder.add({ kind: 'state', at, host, connection: tcb.id, from, to: 'CLOSED', cause: 'crash' })
    }
    this.#isDown = true
    this.#tasks = []
    this.listeningPorts.clear()
    this.openSockets = 0
    this.recorder.forget(this.name)
  }

  /** Starts again, knowing nothing. */
  reboot(): void {
    this.stack = this.#boot()
    this.#isDown = false
  }

  // ---- PacketEndpoint

  handlePacket(now: number, packet: Uint8Array, offset: number, length: number): void {
    if (!this.#isDown) this.stack.handlePacket(now, packet, offset, length)
  }

  pollTransmit(now: number, frame: Uint8Array): number {
    return this.#isDown ? 0 : this.stack.pollTransmit(now, frame)
  }

  pollTimeout(): number {
    return this.#isDown ? Number.POSITIVE_INFINITY : this.stack.pollTimeout()
  }

  handleTimeout(now: number): void {
    this.stack.handleTimeout(now)
  }

  #boot(): Stack {
    const { name, addresses, config, limits, mtu, record } = this.#options
    return new Stack({
      name,
      addresses,
      secret: this.#secret,
      random: () => this.#random.int32(),
      trace: this.recorder.ofStacks,
      config: configure(config ?? {}, DEFAULT_CONFIG),
      privileged: this.privileged,
      initialSequenceNumber: () => this.iss,
      ...(limits !== undefined && { limits }),
      ...(mtu !== undefined && { mtu }),
      ...(record && { record }),
    })
  }

  /** Every script goes on as far as it can; what one does may let another go on. */
  #runTasks(): void {
    this.stack.clock.now = this.now
    for (let told = this.stack.pollEvent(); told !== null; told = this.stack.pollEvent()) {
      if ('pollEvents' in told) told.pollEvents()
    }
    for (let progress = true; progress; ) {
      progress = false
      for (const task of [...this.#tasks]) {
        const { wait } = task
        if (wait !== null && !wait.ready() && this.now < wait.untilUs) continue
        progress = true
        const next = goOn(task.script)
        if (next.done === true) this.#tasks = this.#tasks.filter((other) => other !== task)
        else this.#waits(task, next.value)
      }
    }
  }

  #waits(task: Task, wait: Wait): void {
    task.wait = wait
    if (wait.untilUs !== Number.POSITIVE_INFINITY) this.#network.at(wait.untilUs, () => undefined)
  }

  #check(): void {
    if (this.#isDown) return
    for (const connection of this.stack.connections()) {
      const broken = brokenInvariant(connection.tcb)
      if (broken !== null) throw new Error(`${this.name}, connection ${connection.tcb.id}: ${broken}`)
    }
  }
}

/** The script's next step; one that gives up is done. */
function goOn(script: Script): IteratorResult<Wait, void> {
  try {
    return script.next()
  } catch (error) {
    if (error instanceof GivesUp) return { done: true, value: undefined }
    throw error
  }
}
