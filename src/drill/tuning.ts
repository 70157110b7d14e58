/** What the commands of a script make of Elko's stack: its configuration, buffers and files. */

import { type BufferSizes, FREEBSD, LINUX, type Profile, synTimeMs } from '../posix/profiles.ts'
import { configure } from '../tcp/config.ts'
import type { Platform } from './parse-script.ts'
import { type SysctlEffect, sysctl } from './sysctls.ts'

/** The most that `dd` may write, octets. */
const MAX_FILE = 1 << 24

export class Tuning {
  /** As of now. Sockets that are opened later see what changes; what a connection has taken from it stays. */
  readonly profile: { -readonly [K in keyof Profile]: Profile[K] }
  readonly files = new Map<string, Uint8Array>()
  /** Things that were asked for and that Elko does not have. */
  readonly lacks: string[] = []
  /** Switches that mean nothing here. */
  readonly notes: string[] = []
  readonly #segment: number

  /** @param segment octets of text that fill a packet of the link, less without options. */
  constructor(platform: Platform, segment: number) {
    this.profile = { ...(platform === 'linux' ? LINUX : FREEBSD) }
    this.#segment = segment
    this.#resize({})
  }

  /** The shift count that our window scale option offers, 0 to 14. Returns whether that is another one than before. */
  offerScale(windowShift: number): boolean {
    const { profile } = this
    const before = profile.config.windowShift
    profile.config = configure({ windowShift }, profile.config)
    return before !== windowShift
  }

  /** Sets `name=value`. Switches that mean nothing are noted. */
  set(assignment: string): void {
    const at = assignment.indexOf('=')
    const name = assignment.slice(0, at)
    const value = assignment.slice(at + 1)
    const effect = sysctl(name, value)
    if (effect === null) {
      this.notes.push(`${name} means nothing to Elko`)
      return
    }
    try {
      this.#apply(effect)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.notes.push(`${name}=${value}: ${error.message}`)
    }
  }

  /** `dd if=/dev/zero of=FILE bs=N count=N`: a file for sendfile. False where it is written in another way. */
  makeFile(words: readonly string[]): boolean {
    const given = new Map(words.map((word) => [word.split('=')[0]!, word.split('=')[1] ?? '']))
    const size = Number(given.get('bs') ?? 512) * Number(given.get('count') ?? 1)
    const path = given.get('of')
    if (path === undefined || given.get('if') !== '/dev/zero' || !(size >= 0 && size <= MAX_FILE))
      return false
    this.files.set(path, new Uint8Array(size))
    return true
  }

  #apply({ config, receiveBuffer, sendBuffer, notSentLowWater, synRetries, lacks }: SysctlEffect): void {
    if (lacks !== undefined) this.lacks.push(lacks)
    const { profile } = this
    profile.config = configure(config ?? {}, profile.config)
    profile.sendBuffer = sizes(profile.sendBuffer, sendBuffer)
    profile.notSentLowWater = notSentLowWater ?? profile.notSentLowWater
    if (synRetries !== undefined) {
      profile.synRetries = synRetries
      profile.config = configure({ r2SynMs: synTimeMs(synRetries, profile.config) }, profile.config)
    }
    if (receiveBuffer !== undefined) this.#resize(receiveBuffer)
  }

  /**
   * Linux keeps half of a buffer for what surrounds the octets. FreeBSD gives a connection room for whole segments, so
   * that its window can name all that was configured.
   */
  #resize(changes: Partial<BufferSizes>): void {
    const { profile } = this
    profile.receiveBuffer = sizes(profile.receiveBuffer, changes)
    const { initial } = profile.receiveBuffer
    const whole = Math.ceil(initial / this.#segment) * this.#segment
    const receiveBufferBytes = profile.name === 'linux' ? Math.max(1, initial >>> 1) : whole
    profile.config = configure({ receiveBufferBytes }, profile.config)
  }
}

function sizes(before: BufferSizes, changes: Partial<BufferSizes> | undefined): BufferSizes {
  return { ...before, ...changes }
}
