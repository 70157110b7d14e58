/** Socket options that other systems have and Elko has not: a script that sets one is not carried out half-way. */

import { CONSTANTS } from './constants.ts'

/** One number for a level and an option of it. */
export function optionKey(level: number, option: number): number {
  return level * 2 ** 32 + option
}

/** In words, by `optionKey`. */
export const ABSENT_OPTIONS: ReadonlyMap<number, string> = new Map(
  (
    [
      [CONSTANTS.SOL_SOCKET, 'SO_TIMESTAMPING', 'time stamps of sent and received packets'],
      [CONSTANTS.SOL_SOCKET, 'SO_TIMESTAMP', 'time stamps of received packets'],
      [CONSTANTS.SOL_SOCKET, 'SO_BINDTODEVICE', 'there is one link'],
      [CONSTANTS.SOL_SOCKET, 'SO_MAX_PACING_RATE', 'pacing'],
      [CONSTANTS.SOL_SOCKET, 'SO_MEMINFO', "Linux's memory counters"],
      [CONSTANTS.SOL_SOCKET, 'SO_TXTIME', 'pacing'],
      [CONSTANTS.SOL_TCP, 'TCP_MD5SIG', 'the MD5 option of TCP (RFC 2385)'],
      [CONSTANTS.SOL_TCP, 'TCP_MD5SIG_EXT', 'the MD5 option of TCP (RFC 2385)'],
      [CONSTANTS.SOL_TCP, 'TCP_REPAIR', 'repair of connections'],
      [CONSTANTS.SOL_TCP, 'TCP_CC_INFO', 'numbers of a congestion control'],
      [CONSTANTS.SOL_TCP, 'TCP_SAVE_SYN', 'keeping the SYN'],
      [CONSTANTS.SOL_TCP, 'TCP_SAVED_SYN', 'keeping the SYN'],
      [CONSTANTS.SOL_TCP, 'TCP_FASTOPEN_KEY', 'TCP Fast Open (RFC 7413)'],
      [CONSTANTS.SOL_TCP, 'TCP_FASTOPEN_NO_COOKIE', 'TCP Fast Open (RFC 7413)'],
      [CONSTANTS.SOL_TCP, 'TCP_ZEROCOPY_RECEIVE', 'mapped receive buffers'],
      [CONSTANTS.SOL_TCP, 'TCP_TX_DELAY', 'delays of a path that is not there'],
      [CONSTANTS.SOL_TCP, 'TCP_ULP', 'protocols on top of TCP in the kernel'],
      [CONSTANTS.SOL_TCP, 'TCP_RTO_MAX_MS', 'an upper limit of the RTO per socket'],
      [CONSTANTS.SOL_TCP, 'TCP_RTO_MIN_US', 'a lower limit of the RTO per socket'],
      [CONSTANTS.SOL_TCP, 'TCP_DELACK_MAX_US', 'a limit of delayed acknowledgments per socket'],
      [CONSTANTS.SOL_TCP, 'TCP_NOOPT', "FreeBSD's TCP without options per socket"],
      [CONSTANTS.SOL_TCP, 'TCP_FUNCTION_BLK', "FreeBSD's choice of stacks"],
      [CONSTANTS.SOL_TCP, 'TCP_REMOTE_UDP_ENCAPS_PORT', 'TCP in UDP'],
      [CONSTANTS.SOL_TCP, 'TCP_RACK_PACE_ALWAYS', "FreeBSD's RACK stack"],
      [CONSTANTS.SOL_TCP, 'TCP_RACK_PACE_MAX_SEG', "FreeBSD's RACK stack"],
      [CONSTANTS.SOL_TCP, 'TCP_RACK_PACE_RATE_SS', "FreeBSD's RACK stack"],
      [CONSTANTS.SOL_IP, 'IP_RECVERR', 'the error queue'],
      [CONSTANTS.SOL_IP, 'IP_RECVTOS', 'control messages of received packets'],
      [CONSTANTS.SOL_IP, 'IP_MINTTL', 'a least TTL of received packets'],
      [CONSTANTS.SOL_IPV6, 'IPV6_RECVERR', 'the error queue'],
      [CONSTANTS.SOL_IPV6, 'IPV6_USE_MIN_MTU', 'the least MTU of IPv6 by choice'],
    ] as const
  ).map(([level, name, what]) => [optionKey(level, CONSTANTS[name]), `${name}: ${what}`]),
)
