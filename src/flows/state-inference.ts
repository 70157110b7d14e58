/**
 * The states of both ends of a connection, inferred from its packets, whichever end the capture was made at (RFC 9293 3.3.2
 * and 3.10). What an end sends shows its state. That something arrived at it is taken as shown by what it sends next, where
 * that makes a difference: a FIN that is not acknowledged may have been lost behind the capture point, or cross another.
 */

import type { TcpFields } from '../dissect/packet.ts'
import * as s from '../tcp/state.ts'
import { ACK, FIN, RST, SYN } from '../wire/segment.ts'
import { SideStates } from './side-states.ts'

/** One end: its path, and the numbers that the inference goes by. */
class End extends SideStates {
  isStarted = false
  /** Its initial sequence number, once its SYN was seen. */
  hasIsn = false
  isn = 0
  /** The number behind its FIN. */
  hasFin = false
  finEnd = 0
  isFinAcknowledged = false
  /** The other end's FIN has arrived here. */
  gotFin = false
  /** The highest acknowledgment that it sent, and the highest end of what it sent. */
  hasAck = false
  ack = 0
  hasEnd = false
  end = 0
  isPassive = false
  /** Where it reset the connection: the number of that segment. */
  hasReset = false
  resetSeq = 0
  /** Steps of its path when a reset had moved it, in case that meant nothing; 0: none has. */
  stepsAtReset = 0

  /** As of an end that nothing was seen of. */
  override renew(): void {
    super.renew()
    this.isStarted = this.hasIsn = this.hasFin = this.isFinAcknowledged = this.gotFin = false
    this.hasAck = this.hasEnd = this.isPassive = this.hasReset = false
    this.isn = this.finEnd = this.ack = this.end = this.resetSeq = this.stepsAtReset = 0
  }
}

export class StateInference {
  readonly #ends: readonly [End, End] = [new End(), new End()]
  #frame = 0
  #at = 0

  /** The path of side A, and that of side B. */
  readonly paths: readonly [SideStates, SideStates] = this.#ends
  /** The capture has no beginning of the connection. */
  beganInTheMiddle = false

  /** As of a connection that nothing was seen of. */
  renew(): void {
    this.#ends[0].renew()
    this.#ends[1].renew()
    this.beganInTheMiddle = false
  }

  /**
   * Takes the next packet of the connection.
   * @param at nanoseconds from the first packet of the capture.
   */
  packet(isFromA: boolean, tcp: TcpFields, frame: number, at: number): void {
    this.#frame = frame
    this.#at = at
    const my = this.#ends[isFromA ? 0 : 1]
    const their = this.#ends[isFromA ? 1 : 0]
    if (!my.isStarted && !their.isStarted) this.#begin(my, their, tcp)
    if ((tcp.flags & RST) !== 0) return this.#reset(my, their, tcp)
    if (my.hasReset) this.#revive(my, tcp)
    if ((tcp.flags & SYN) !== 0) this.#syn(my, their, tcp)
    else if ((tcp.flags & ACK) !== 0) this.#acknowledgment(my, their, tcp)
    const controls = (tcp.flags & (SYN | FIN)) !== 0 ? 1 : 0
    const end = (tcp.seq + Math.max(0, tcp.textLength) + controls) | 0
    if (!my.hasEnd || ((end - my.end) | 0) > 0) my.end = end
    my.hasEnd = true
    if ((tcp.flags & FIN) !== 0 && !my.hasFin) {
      my.hasFin = true
      my.finEnd = end
      this.#step(my, 'close')
    }
    if ((tcp.flags & ACK) !== 0) this.#arrivedFinAcknowledged(my, their, tcp)
  }

  /** An ICMP error says that what this side sent cannot arrive (a hard one, RFC 9293 3.9.2.2). */
  unreachable(isFromA: boolean, frame: number, at: number): void {
    this.#frame = frame
    this.#at = at
    this.#step(this.#ends[isFromA ? 0 : 1], 'icmp')
  }

  #step(end: End, cause: string, inferred = false): boolean {
    return end.on(cause, this.#frame, this.#at, inferred)
  }

  #start(end: End, isEstablished: boolean): void {
    end.isStarted = true
    end.start(isEstablished ? s.ESTABLISHED : s.CLOSED, this.#frame, this.#at, isEstablished)
  }

  #begin(my: End, their: End, { flags }: TcpFields): void {
    const isOpening = (flags & (SYN | RST)) !== 0
    this.#start(my, !isOpening)
    this.#start(their, !isOpening)
    if ((flags & (SYN | ACK)) === (SYN | ACK)) this.#step(their, 'active-open', true)
    this.beganInTheMiddle = (flags & (SYN | ACK)) !== SYN
  }

  #syn(my: End, their: End, { flags, seq, ack }: TcpFields): void {
    // A SYN that comes again had not heard of the reset that the capture shows.
    if (my.hasIsn && my.isn === seq) this.#takeBack(my)
    // A late copy, and what is answered to it: Wireshark's stream has no other incarnation.
    if (hasEnded(my)) return
    my.hasIsn = true
    my.isn = seq
    if ((flags & ACK) === 0) {
      this.#step(my, 'active-open')
      return
    }
    noteAck(my, ack)
    if (my.state === s.CLOSED) {
      my.isPassive = true
      this.#step(my, 'passive-open', true)
    }
    this.#step(my, 'syn')
    // Both opened at once, and the other's acknowledgment was seen first.
    if (their.hasAck && ((their.ack - seq) | 0) > 0) this.#step(my, 'ack-of-syn')
    if (their.hasIsn && ((ack - their.isn) | 0) > 0) this.#step(their, 'ack-of-syn')
  }

  /** A segment without SYN shows that the sender has the other's SYN; its acknowledgment, what else it has. */
  #acknowledgment(my: End, their: End, { ack }: TcpFields): void {
    const { state } = my
    if (state === s.SYN_SENT) {
      this.#step(my, 'syn-ack')
      if (their.state === s.CLOSED) {
        this.#step(their, 'passive-open', true)
        this.#step(their, 'syn', true)
        this.#step(their, 'ack-of-syn', true)
      }
    } else if (state === s.CLOSED && my.count === 1) this.#speaksWithoutSyn(my, their, ack)
    noteAck(my, ack)
    if (their.state === s.SYN_RECEIVED && (!their.hasIsn || ((ack - their.isn) | 0) > 0)) {
      this.#step(their, 'ack-of-syn')
    }
    if (their.hasFin && !my.gotFin && ((ack - their.finEnd) | 0) >= 0) this.#finArrived(my)
  }

  /** Its answer to the SYN passed the capture by; or it knows a connection of before, and nothing of this one. */
  #speaksWithoutSyn(my: End, their: End, ack: number): void {
    const knowsSyn = their.hasIsn && ((ack - their.isn) | 0) > 0 && ((ack - their.end) | 0) <= 0
    if (!knowsSyn) return this.#start(my, true)
    my.isPassive = true
    for (const cause of ['passive-open', 'syn', 'ack-of-syn']) this.#step(my, cause, true)
  }

  #finArrived(end: End): void {
    end.gotFin = true
    this.#step(end, 'fin')
  }

  /** The sender's acknowledgment arrives at an end whose FIN it covers. */
  #arrivedFinAcknowledged(my: End, their: End, { flags, ack }: TcpFields): void {
    if (!their.hasFin || their.isFinAcknowledged || ((ack - their.finEnd) | 0) < 0) return
    their.isFinAcknowledged = true
    // What the sender sent before arrives before: its own FIN, when this segment does not bring that itself.
    if (my.hasFin && !their.gotFin && (flags & FIN) === 0) this.#finArrived(their)
    this.#step(their, 'ack-of-fin')
  }

  // ---- resets

  #reset(my: End, their: End, { flags, seq, ack }: TcpFields): void {
    my.hasReset = true
    my.resetSeq = seq
    const isAcceptable = this.#isAcceptable(my, their, flags, seq, ack)
    // In SYN-SENT a reset only answers an acknowledgment of what was never sent (RFC 9293 3.10.7.3).
    if (my.state !== s.SYN_SENT && this.#step(my, 'abort')) my.stepsAtReset = my.count
    if (isAcceptable && this.#resetArrives(their)) their.stepsAtReset = their.count
  }

  #resetArrives(end: End): boolean {
    const { state } = end
    if (state === s.SYN_SENT || (state === s.SYN_RECEIVED && !end.isPassive))
      return this.#step(end, 'refused')
    return this.#step(end, 'rst')
  }

  /** RFC 9293 3.10.7.3 and 3.10.7.4: of what the receiver expects, the capture knows the bounds. */
  #isAcceptable(my: End, their: End, flags: number, seq: number, ack: number): boolean {
    if (their.state === s.SYN_SENT) {
      return (
        (flags & ACK) !== 0 && their.hasEnd && ((ack - their.isn) | 0) > 0 && ((ack - their.end) | 0) <= 0
      )
    }
    const isOld = their.hasAck && ((seq - their.ack) | 0) < 0
    const isBeyond = my.hasEnd && ((seq - my.end) | 0) > 0
    return !isOld && (!isBeyond || their.ack === seq)
  }

  /** Whoever goes on after a reset of its own had not sent it, or it meant another connection. */
  #revive(my: End, { flags, seq }: TcpFields): void {
    if ((flags & (SYN | ACK)) !== ACK || ((seq - my.resetSeq) | 0) < 0) return
    my.hasReset = false
    for (const end of this.#ends) this.#takeBack(end)
  }

  /** Takes a reset back, where it was the last that happened to an end. */
  #takeBack(end: End): void {
    if (end.stepsAtReset > 0 && end.stepsAtReset === end.count) end.undo()
    end.stepsAtReset = 0
  }
}

/** It was open, and is no more. */
function hasEnded({ state, count }: End): boolean {
  return state === s.TIME_WAIT || (state === s.CLOSED && count > 1)
}

function noteAck(end: End, ack: number): void {
  if (!end.hasAck || ((ack - end.ack) | 0) > 0) end.ack = ack
  end.hasAck = true
}
