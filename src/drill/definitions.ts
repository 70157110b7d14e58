/**
 * What the public suites' own runners define (google's run_all.py, the Linux selftests' ksft_runner.sh), so that their
 * scripts mean here what they mean there. MSS and the CODE of IPv6 are defined by neither: they are what fits.
 */

/** By the IP version that a script is run with: names to what they stand for, as parseScript takes them. */
export const RUNNER_DEFINITIONS = {
  ipv4: {
    TFO_COOKIE: '3021b9d889017eeb',
    TFO_COOKIE_ZERO: 'b7c12350a90dc8f5',
    CODE: 'host_unreachable',
    CMSG_LEVEL_IP: 'SOL_IP',
    CMSG_TYPE_RECVERR: 'IP_RECVERR',
    MSS: '1460',
  },
  ipv6: {
    TFO_COOKIE: 'c1d1e9742a47a9bc',
    TFO_COOKIE_ZERO: '82af1a8f9a205c34',
    CODE: 'address_unreachable',
    CMSG_LEVEL_IP: 'SOL_IPV6',
    CMSG_TYPE_RECVERR: 'IPV6_RECVERR',
    MSS: '1440',
  },
} as const
