/** What setsockopt() has set of one socket, in the units of the socket API; and what that means to TCP. */

import type { Config } from '../tcp/config.ts'
import { type Profile, synTimeMs } from './profiles.ts'

/** The send buffer of TCP has room for whatever the model of Linux's memory lets in. */
const AMPLE_SEND_BUFFER = 1 << 24

export class SocketSettings {
  reuseAddress = 0
  reusePort = 0
  keepAlive = 0
  lingerOn = 0
  lingerSeconds = 0
  oobInline = 0
  /** SO_RCVLOWAT, octets. */
  receiveLowWater = 1
  /** Microseconds; 0: for ever. */
  receiveTimeoutUs = 0
  sendTimeoutUs = 0
  /** SO_RCVBUF as getsockopt tells it. */
  receiveBuffer: number
  noDelay = 0
  cork = 0
  /** 0: none. */
  maxSegment = 0
  keepIdleSeconds: number
  keepIntervalSeconds: number
  keepCount: number
  /** 0: the system's. */
  synCount = 0
  linger2Seconds: number
  deferAccept = 0
  /** 0: none. */
  windowClamp = 0
  /** TCP_KEEPINIT; 0: the system's. */
  keepInitSeconds = 0
  congestion = 'reno'
  userTimeoutMs = 0
  /** As it was set; 0: the system's. */
  notSentLowWater = 0
  /** TCP_INQ. */
  inq = 0
  tos = 0
  /** -1: the system's. */
  ttl = -1
  v6Only = 0
  mtuDiscover = 1
  /** Options that are kept and change nothing here, by level * 2^32 + option. */
  readonly others = new Map<number, number>()
  readonly #profile: Profile

  constructor(profile: Profile) {
    const { config } = profile
    this.#profile = profile
    this.receiveBuffer = profile.receiveBuffer.initial
    this.keepAlive = config.keepAlive ? 1 : 0
    this.noDelay = config.nagle ? 0 : 1
    this.keepIdleSeconds = config.keepAliveIdleMs / 1000
    this.keepIntervalSeconds = config.keepAliveIntervalMs / 1000
    this.keepCount = config.keepAliveProbes
    this.linger2Seconds = config.finWait2Ms / 1000
  }

  copy(): SocketSettings {
    const copy = new SocketSettings(this.#profile)
    const others = new Map(this.others)
    Object.assign(copy, this)
    for (const [key, value] of others) copy.others.set(key, value)
    return copy
  }

  /** The tunables that differ from the profile's. */
  changes(): Partial<Config> {
    const { config, receiveBuffer } = this.#profile
    return {
      sendBufferBytes: AMPLE_SEND_BUFFER,
      ...(this.receiveBuffer !== receiveBuffer.initial && {
        // The window may grow as far as the system lets it, but not beyond what the process has set.
        windowShift: -1,
        receiveBufferBytes: this.#receiveBytes(),
      }),
      ...(this.windowClamp > 0 && { receiveBufferBytes: Math.min(this.#receiveBytes(), this.windowClamp) }),
      nagle: this.noDelay === 0,
      corked: this.cork !== 0,
      keepAlive: this.keepAlive !== 0,
      keepAliveIdleMs: this.keepIdleSeconds * 1000,
      keepAliveIntervalMs: this.keepIntervalSeconds * 1000,
      keepAliveProbes: this.keepCount,
      userTimeoutMs: this.userTimeoutMs,
      // Who asks for a longer time than R2 gets it: tcp(7).
      r2Ms: Math.max(config.r2Ms, this.userTimeoutMs),
      finWait2Ms: Math.max(this.linger2Seconds, 0) * 1000,
      ...(this.keepInitSeconds > 0 && { r2SynMs: this.keepInitSeconds * 1000 }),
      ...(this.synCount > 0 && { r2SynMs: synTimeMs(this.synCount, config) }),
      ...(this.maxSegment > 0 && { mssLimit: this.maxSegment }),
      ...(this.ttl > 0 && { ttl: this.ttl }),
      dscp: this.tos === 0 ? config.dscp : this.tos >>> 2,
    }
  }

  /** Room for octets: in Linux half of the memory, as the other half pays for what surrounds them. */
  #receiveBytes(): number {
    const { name, config, receiveBuffer } = this.#profile
    if (this.receiveBuffer === receiveBuffer.initial) return config.receiveBufferBytes
    return name === 'linux' ? this.receiveBuffer >>> 1 : this.receiveBuffer
  }
}
