/** An interface of a pcapng section, whose counters grow while its packets are read. */

import { type CaptureInterface, type InterfaceStatistics, NO_STATISTICS } from './capture-file.ts'
import { type Clock, clockOf } from './ticks.ts'

export class SectionInterface implements CaptureInterface {
  readonly linkType: number
  readonly snapLength: number
  readonly name: string
  readonly description: string
  readonly filter: string
  readonly comments: readonly string[]
  readonly resolution: number
  readonly offsetSeconds: number
  readonly clock: Clock
  #told: InterfaceStatistics = NO_STATISTICS
  /** Packets lost as the packets themselves say, -1 where none of them says anything. */
  #dropsOfPackets = -1

  constructor(from: Omit<CaptureInterface, 'statistics'>) {
    this.linkType = from.linkType
    this.snapLength = from.snapLength
    this.name = from.name
    this.description = from.description
    this.filter = from.filter
    this.comments = from.comments
    this.resolution = from.resolution
    this.offsetSeconds = from.offsetSeconds
    this.clock = clockOf(from.resolution, from.offsetSeconds)
  }

  /** The same packets may be counted twice, by themselves and by a statistics block: the larger count holds. */
  get statistics(): InterfaceStatistics {
    if (this.#dropsOfPackets < 0) return this.#told
    return { ...this.#told, dropped: Math.max(this.#told.dropped ?? 0, this.#dropsOfPackets) }
  }

  addDrops(packets: number): void {
    this.#dropsOfPackets = Math.max(0, this.#dropsOfPackets) + packets
  }

  /** What a statistics block says replaces what an earlier one said: each counts from the start of the capture. */
  tell(statistics: InterfaceStatistics): void {
    this.#told = statistics
  }
}
