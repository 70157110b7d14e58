/** One connection of one capture, packet by packet, as events for pictures. */

import type { CaptureRecord } from '../../capture/record.ts'
import { Dissector, type TcpCallback } from '../../dissect/dissect.ts'
import type { TunnelPorts } from '../../dissect/tunnels.ts'
import { FlowRecorder } from '../../flows/flow-recorder.ts'
import { FlowTracker } from '../../flows/flow-tracker.ts'
import { SequenceAnalysis } from '../../flows/sequence-analysis.ts'
import type { OneEnd } from './both-ends.ts'

export class StreamRecording {
  readonly recorder: FlowRecorder
  readonly #analysis = new SequenceAnalysis()
  /** Tells copies of a packet from what was sent again. */
  readonly #flow = new FlowTracker(() => {})
  readonly #dissector: Dissector
  #firstUs = Number.POSITIVE_INFINITY
  #lastUs = Number.NEGATIVE_INFINITY

  /**
   * @param stream its number in the capture.
   * @param most packets of it that are kept.
   * @param tunnels as for `Dissector`.
   * @param onKept is given each packet that is kept.
   */
  constructor(
    stream: number,
    most: number,
    tunnels: TunnelPorts | null = null,
    onKept: TcpCallback | null = null,
  ) {
    this.recorder = new FlowRecorder(most)
    this.#dissector = new Dissector((packet, tcp) => {
      const said = this.#analysis.analyze(packet, tcp)
      if (said.stream !== stream || packet.isQuoted) return
      this.recorder.packet(packet, tcp, said, this.#flow.packet(packet, tcp, said))
      if (this.recorder.packets <= most) onKept?.(packet, tcp)
    }, tunnels)
  }

  /** Connections of the capture so far. */
  get streams(): number {
    return this.#analysis.conversations.count
  }

  /** As one of two captures of the connection. */
  get end(): OneEnd {
    const { events, startUs } = this.recorder
    return { events, startUs, captureUs: { first: this.#firstUs, last: this.#lastUs } }
  }

  take(captured: CaptureRecord): void {
    const us = captured.seconds * 1e6 + Math.floor(captured.nanoseconds / 1000)
    this.#firstUs = Math.min(this.#firstUs, us)
    this.#lastUs = Math.max(this.#lastUs, us)
    this.#dissector.dissect(captured)
  }
}
