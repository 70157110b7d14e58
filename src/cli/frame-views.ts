/** One dissection and one analysis of each frame of a capture, for the display filter and for all that is printed of it. */

import { readUint16 } from '../bytes/big-endian.ts'
import { CaptureRecord } from '../capture/record.ts'
import { Dissector } from '../dissect/dissect.ts'
import { type Packet, TcpFields } from '../dissect/packet.ts'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import type { DisplayFilter } from '../filter/display-filter.ts'
import type { CaptureHead, FrameView, TcpView } from '../flows/field.ts'
import { FrameTimes } from '../flows/frame-times.ts'
import { MANY_CONVERSATIONS, SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { TcpAnalysis } from '../flows/tcp-analysis.ts'
import { UdpStreams } from '../flows/udp-streams.ts'

export interface ViewWishes {
  /** null: every frame passes. */
  readonly display: DisplayFilter | null
  readonly tunnels: TunnelPorts | null
  /** What is read, as soon as something of it is. */
  readonly file?: () => CaptureHead | null
  /**
   * Is told of each TCP header. The view holds until the next one: to the end of the frame, where no other frame waits beside
   * this one (`packet.others`).
   */
  readonly onTcp?: (view: TcpView) => void
  /** The same of one that the capture cut behind its ports: the other fields are 0. */
  readonly onCutTcp?: (view: TcpView) => void
}

/** Octets of both ports. */
const PORTS = 4

function portsOf({ bytes, at, left }: Packet): TcpFields {
  const tcp = new TcpFields()
  tcp.at = at
  tcp.held = left
  tcp.sourcePort = readUint16(bytes, at)
  tcp.destinationPort = readUint16(bytes, at + 2)
  tcp.textLength = -1
  tcp.textAt = at + left
  return tcp
}

const NO_FILE: CaptureHead = { format: null, interfaces: [] }

export class FrameViews {
  /** The frame at hand; borrowed until the next one. */
  readonly view: FrameView
  readonly #display: DisplayFilter | null
  readonly #dissector: Dissector
  readonly #times = new FrameTimes()
  readonly #udp = new UdpStreams()
  readonly #file: () => CaptureHead | null
  readonly #frame: ReusedFrame
  readonly #tcp: ReusedTcp

  constructor({ display, tunnels, file, onTcp, onCutTcp }: ViewWishes) {
    this.#display = display
    this.#file = file ?? (() => null)
    const analysis = new SequenceAnalysis(MANY_CONVERSATIONS)
    this.#dissector = new Dissector((packet, tcp) => {
      const view = this.#tcp
      view.of(this.#frame.record, this.#frame.file)
      view.tcp = tcp
      view.analysis = analysis.analyze(packet, tcp)
      display?.tcp(view)
      onTcp?.(view)
    }, tunnels)
    this.#dissector.onUnreadHeader = (packet) => {
      if (packet.left < PORTS) return
      const view = this.#tcp
      view.of(this.#frame.record, this.#frame.file)
      view.tcp = portsOf(packet)
      display?.cutTcp(view)
      onCutTcp?.(view)
    }
    this.#frame = this.view = new ReusedFrame(this.#dissector.packet, this.#times, this.#udp)
    this.#tcp = new ReusedTcp(this.#dissector.packet, this.#times, this.#udp)
  }

  /** Takes the next frame. Every one must come, as the analysis goes by those before. Returns whether the filter shows it. */
  frame(record: CaptureRecord): boolean {
    this.#times.frame(record)
    this.#frame.of(record, this.#file() ?? NO_FILE)
    this.#display?.begin()
    this.#dissector.dissect(record)
    this.#udp.of(this.#dissector.packet)
    return this.#display === null || this.#display.matches(this.#frame)
  }
}

/** An object for each frame, and one for each TCP header, would cost more than what is read of them. */
class ReusedFrame implements FrameView {
  readonly packet: Packet
  readonly times: FrameTimes
  readonly udp: UdpStreams
  record = new CaptureRecord()
  file = NO_FILE

  constructor(packet: Packet, times: FrameTimes, udp: UdpStreams) {
    this.packet = packet
    this.times = times
    this.udp = udp
  }

  of(record: CaptureRecord, file: CaptureHead): void {
    this.record = record
    this.file = file
  }
}

class ReusedTcp extends ReusedFrame implements TcpView {
  tcp = new TcpFields()
  analysis = new TcpAnalysis()
}
