/**
 * What a congestion control is to the connection: it sees numbers, never the TCB.
 *
 * Loss detection is another matter (fast-recovery.ts); it tells the congestion control that something was lost.
 */
export interface CongestionControl {
  readonly name: string
  /** Congestion window, octets. */
  cwnd: number
  /** Slow start threshold, octets. */
  ssthresh: number
  /** The connection is synchronized: sets the initial window. `segments` is 1 where the SYN was lost (RFC 5681 3.1 (d)). */
  start(mss: number, segments: number): void
  /** The segment size changed (path MTU). */
  setMss(mss: number): void
  /** `acked` octets left the network outside recovery; `limited` says whether cwnd was what held the sender back. */
  onAck(acked: number, limited: boolean): void
  /** A loss found by duplicate acknowledgments, once per window. `flight`: octets outstanding (RFC 5681 3.2 (2)). */
  onLoss(flight: number): void
  /** The retransmission timer expired. `first`: for the first time for this segment (RFC 5681 3.1 (k, l)). */
  onTimeout(flight: number, first: boolean): void
  /** Fast recovery ended with everything acknowledged that was outstanding at its start (RFC 6582 3.2 (3a)). */
  onRecovered(flight: number): void
  /** Nothing was sent for longer than the RTO (RFC 5681 4.1). */
  onIdle(): void
  /**
   * Passes all that it remembers through `each`, always in the same order, and keeps what `each` answers: so a state can
   * be saved, compared and restored without anybody knowing what is in it (src/explore/).
   */
  remember(each: (value: number) => number): void
}
