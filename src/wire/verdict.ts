/**
 * What a decoder says of a packet. Input from the network never throws: it gets one of these words, and a counter.
 *
 * 'ok' means that every field of the output was set. The order is that of the checks: link, IP, TCP.
 */
export const VERDICTS = [
  'ok',
  'empty-packet',
  'not-ip',
  'ip-truncated',
  'ip-header-length',
  'ip-total-length',
  'ip-checksum',
  'ip-fragment',
  'ipv6-extension-header',
  'other-protocol',
  'tcp-truncated',
  'tcp-data-offset',
  'tcp-option-length',
  'tcp-checksum',
  'icmp-truncated',
  'icmp-checksum',
  'icmp-quote',
] as const

export type Verdict = (typeof VERDICTS)[number]
