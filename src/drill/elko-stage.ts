/**
 * Plays a script to Elko's own stack in virtual time: the clock jumps from one thing that happens to the next, so an hour
 * of waiting costs what happens in it. The same script gives the same run.
 */

import { Sockets } from '../posix/sockets.ts'
import type { Outcome } from '../posix/value.ts'
import { Random } from '../sim/random.ts'
import type { InputLog } from '../stack/input-log.ts'
import { SECRET_LENGTH } from '../stack/siphash.ts'
import { Stack } from '../stack/stack.ts'
import { brokenInvariant } from '../tcp/invariants.ts'
import type { TraceEvent } from '../trace/events.ts'
import { Recorder } from '../trace/recorder.ts'
import { STATE_NAMES } from '../trace/states.ts'
import type { Settings } from './settings.ts'
import { pipelinesOf } from './shell.ts'
import type { Answer, Called, Commanded, Request, Sniffed } from './stage.ts'
import { Tuning } from './tuning.ts'

/** Deadlines in a row that lead to no packet before a run counts as one that never will. */
const MAX_IDLE_STEPS = 1_000_000

/** Addresses of the stack under test with the prefix lengths of the field's scripts: the other side is never on-link. */
const PREFIX_LENGTH = { 4: 16, 6: 48 } as const

export class ElkoStage {
  readonly #settings: Settings
  readonly #tuning: Tuning
  readonly #recorder = new Recorder()
  readonly #random: Random
  readonly #record: InputLog | null
  readonly #frame: Uint8Array
  readonly #sent: { at: number; packet: Uint8Array }[] = []
  #stack: Stack | null = null
  #sockets: Sockets | null = null
  #now = 0
  #blocked = false
  /** How the call ended that blocked, and when; null while it blocks, or there is none. */
  #returned: { at: number; outcome: Outcome | null; unsupported: string | null } | null = null

  constructor(settings: Settings, seed = 1, record: InputLog | null = null) {
    this.#record = record
    this.#settings = settings
    const headers = settings.local.version === 4 ? 40 : 60
    this.#tuning = new Tuning(settings.platform, settings.mtu - headers)
    this.#random = new Random(seed)
    this.#frame = new Uint8Array(settings.mtu + 64)
  }

  /** Everything that happened on the stack, for pictures. */
  get events(): readonly TraceEvent[] {
    return this.#recorder.events
  }

  /** What a command asked for and Elko does not have: a script that failed may have rested on it. */
  get lacks(): readonly string[] {
    return this.#tuning.lacks
  }

  /**
   * The shift count that the script's host offers (RFC 7323 2.2); to be called before the first request. Returns whether
   * Elko would have offered another.
   */
  offerScale(shift: number): boolean {
    return this.#tuning.offerScale(shift)
  }

  answer(request: Request): Answer {
    switch (request.kind) {
      case 'sleep':
        this.#runUntil(request.until, () => false)
        return { kind: 'done', now: this.#now }
      case 'inject':
        this.#start()
        this.#stack!.handlePacket(this.#now, request.packet)
        this.#flush()
        return { kind: 'done', now: this.#now }
      case 'sniff':
        return this.#sniff(request.until)
      case 'call':
        return this.#call(request)
      case 'collect':
        this.#runUntil(request.until, () => this.#returned !== null)
        return this.#called()
      case 'info':
        this.#start()
        return { kind: 'info', now: this.#now, fields: this.#sockets!.tcpInfo(request.fd) }
      case 'command':
        return this.#command(request.text)
    }
  }

  // ---- time

  /** Lets things happen until `until`, or until `enough` is true. Without an end, time stops where nothing is left. */
  #runUntil(until: number, enough: () => boolean): void {
    this.#start()
    for (let idle = 0; !enough() && idle < MAX_IDLE_STEPS; idle++) {
      const next = Math.min(this.#stack!.pollTimeout(), this.#sockets!.pollTimeout())
      if (next > until || next === Number.POSITIVE_INFINITY) {
        if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until)
        this.#stack!.clock.now = this.#now
        return
      }
      this.#now = Math.max(this.#now, Math.ceil(next))
      this.#stack!.handleTimeout(this.#now)
      this.#flush()
    }
  }

  #sniff(until: number): Sniffed {
    this.#runUntil(until, () => this.#sent.length > 0)
    const next = this.#sent.shift()
    const at = next?.at ?? this.#now
    return { kind: 'sniffed', now: this.#now, at, packet: next?.packet ?? null }
  }

  /** Packets out, events to the sockets, the call that blocks; again, until nothing moves. */
  #flush(): void {
    const stack = this.#stack!
    const sockets = this.#sockets!
    stack.clock.now = this.#now
    for (let moved = true; moved; ) {
      moved = false
      for (
        let n = stack.pollTransmit(this.#now, this.#frame);
        n > 0;
        n = stack.pollTransmit(this.#now, this.#frame)
      ) {
        this.#sent.push({ at: this.#now, packet: this.#frame.slice(0, n) })
        moved = true
      }
      sockets.onEvents()
      if (this.#blocked) moved = this.#poll() || moved
    }
    for (const connection of stack.connections()) {
      const broken = brokenInvariant(connection.tcb)
      if (broken !== null) throw new Error(`connection ${connection.tcb.id}: ${broken}`)
    }
  }

  // ---- calls

  #call({ name, args }: Extract<Request, { kind: 'call' }>): Called {
    this.#start()
    this.#stack!.clock.now = this.#now
    this.#returned = null
    const called = this.#sockets!.call(name, args)
    if (called.kind === 'blocked') this.#blocked = true
    else this.#take(called)
    this.#flush()
    return this.#called()
  }

  /** Asks the call that blocks. Returns whether it ended. */
  #poll(): boolean {
    const called = this.#sockets!.poll()
    if (called.kind === 'blocked') return false
    this.#blocked = false
    this.#take(called)
    return true
  }

  #take(called: Exclude<ReturnType<Sockets['call']>, { kind: 'blocked' }>): void {
    this.#returned = {
      at: this.#now,
      outcome: called.kind === 'returned' ? called.outcome : null,
      unsupported: called.kind === 'unsupported' ? called.what : null,
    }
  }

  #called(): Called {
    const { at = this.#now, outcome = null, unsupported = null } = this.#returned ?? {}
    return { kind: 'called', now: this.#now, at, outcome, unsupported }
  }

  // ---- commands

  #command(text: string): Commanded {
    const answer = {
      notes: [] as string[],
      failed: null as string | null,
      unsupported: null as string | null,
    }
    const before = this.#tuning.notes.length
    for (const { commands } of pipelinesOf(text)) {
      const [first, ...rest] = commands
      const result = this.#run(first!, rest)
      answer.failed ??= result.failed ?? null
      answer.unsupported ??= result.unsupported ?? null
    }
    answer.notes.push(...this.#tuning.notes.slice(before))
    this.#retune()
    return { kind: 'commanded', now: this.#now, ...answer }
  }

  #run(
    words: readonly string[],
    piped: readonly (readonly string[])[],
  ): { readonly failed?: string; readonly unsupported?: string } {
    const [program, ...args] = words
    const name = program!.replace(/^.*\//, '')
    const unsupported = `the command ${name}`
    switch (name) {
      case 'defaults.sh':
      case 'true':
      case 'ethtool':
      case 'setkey':
      case 'rm':
        return piped.length > 0 ? { unsupported } : {}
      case 'tc':
        if (args.includes('fq')) this.#tuning.lacks.push('pacing')
        return {}
      case 'nstat':
        if (piped.length > 0) this.#tuning.notes.push("the kernel's own counters are not compared")
        return {}
      case 'set_sysctls.py':
      case 'sysctl':
        for (const word of args) if (word.includes('=')) this.#tuning.set(word)
        return {}
      case 'dd':
        return this.#tuning.makeFile(args) ? {} : { unsupported }
      case 'sleep': {
        const us = Number(args[0]) * 1e6
        if (!(us >= 0)) return { unsupported }
        this.#runUntil(this.#now + us, () => false)
        return {}
      }
      case 'ip':
        return args.includes('tcp_metrics') ? {} : { unsupported: 'routes of the host' }
      case 'sockstat':
        return this.#countStates(piped.map((command) => command.join(' ')))
      case 'tcpdrop':
        return this.#drop(args.at(-1) ?? '')
    }
    // The script that set_sysctls.py leaves behind: the run is over where it is called.
    return /^sysctl_restore_/.test(name) ? {} : { unsupported }
  }

  /** `sockstat ... | grep -c STATE | grep COUNT`: how many connections are in a state. */
  #countStates(greps: readonly string[]): { readonly failed?: string; readonly unsupported?: string } {
    const state = greps.map((grep) => /^grep -c (\w+)$/.exec(grep)?.[1]).find((word) => word !== undefined)
    const count = /^grep (\d+)$/.exec(greps.at(-1) ?? '')?.[1]
    const name = STATE_OF_FREEBSD[state ?? '']
    if (name === undefined || count === undefined) return { unsupported: 'the command sockstat' }
    const found = this.#stack === null ? [] : this.#stack.connections()
    const states = found.map((connection) => STATE_NAMES[connection.state] as string)
    const actual = states.filter((one) => one === name).length
    if (`${actual}`.includes(count)) return {}
    const all = states.length === 0 ? 'none' : states.join(', ')
    return { failed: `${count} connections in ${name} are expected, found ${actual}; connections: ${all}` }
  }

  /** `tcpdrop -s STATE`: ends the connections in a state. */
  #drop(state: string): { readonly unsupported?: string } {
    const name = STATE_OF_FREEBSD[state]
    if (name === undefined) return { unsupported: 'the command tcpdrop' }
    for (const connection of this.#stack?.connections() ?? []) {
      if (STATE_NAMES[connection.state] === name) connection.abort()
    }
    if (this.#stack !== null) this.#flush()
    return {}
  }

  // ---- the stack

  /** The stack begins when something happens to it: what commands say before that holds for all of it. */
  #start(): void {
    if (this.#stack !== null) return
    const { local, remote, mtu, ipVersion, bindPort, connectPort } = this.#settings
    const { profile, files } = this.#tuning
    const secret = new Uint8Array(SECRET_LENGTH)
    this.#random.fill(secret)
    this.#stack = new Stack({
      name: 'elko',
      addresses: [`${local}/${PREFIX_LENGTH[local.version]}`],
      secret,
      random: () => this.#random.int32(),
      mtu,
      config: profile.config,
      trace: this.#recorder,
      ...(this.#record !== null && { record: this.#record }),
    })
    this.#stack.clock.now = this.#now
    this.#sockets = new Sockets({
      stack: this.#stack,
      profile,
      family: ipVersion,
      bindAddress: local,
      bindPort,
      remoteAddress: remote,
      remotePort: connectPort,
      files,
    })
  }

  /** A stack that nobody used yet can begin again with other switches. */
  #retune(): void {
    if (this.#stack === null || this.#isUsed) return
    this.#stack = null
    this.#sockets = null
  }

  get #isUsed(): boolean {
    return this.#recorder.events.length > 0 || this.#hasSockets
  }

  get #hasSockets(): boolean {
    return this.#returned !== null || this.#blocked
  }
}

/** FreeBSD's names of states, as sockstat and tcpdrop spell them. */
const STATE_OF_FREEBSD: Readonly<Record<string, string>> = {
  CLOSED: 'CLOSED',
  LISTEN: 'LISTEN',
  SYN_SENT: 'SYN-SENT',
  SYN_RCVD: 'SYN-RECEIVED',
  ESTABLISHED: 'ESTABLISHED',
  CLOSE_WAIT: 'CLOSE-WAIT',
  FIN_WAIT_1: 'FIN-WAIT-1',
  FIN_WAIT_2: 'FIN-WAIT-2',
  CLOSING: 'CLOSING',
  LAST_ACK: 'LAST-ACK',
  TIME_WAIT: 'TIME-WAIT',
}
