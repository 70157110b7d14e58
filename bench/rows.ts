/** The rows of the table: what is measured beside what. */

export interface Row {
  readonly title: string
  readonly unit: string
  readonly elko: string
  readonly beside: string
  /** Which of a measurement's figures, where it has several. */
  readonly figure?: string
  /** What the ratio should reach; '' where nothing was set, a number where the mark is on the number itself. */
  readonly mark: string
}

const STACK_ROWS: readonly Row[] = [
  {
    title: 'bulk, loopback MTU 65535',
    unit: 'Gbit/s',
    elko: 'bulk elko 65535',
    beside: 'bulk node',
    mark: '>= 1x',
  },
  {
    title: '  with checksums',
    unit: 'Gbit/s',
    elko: 'bulk elko 65535 checksummed',
    beside: 'bulk node',
    mark: '',
  },
  { title: 'bulk, loopback MTU 1500', unit: 'Gbit/s', elko: 'bulk elko 1500', beside: 'bulk node', mark: '' },
  {
    title: '  with checksums',
    unit: 'Gbit/s',
    elko: 'bulk elko 1500 checksummed',
    beside: 'bulk node',
    mark: '',
  },
  { title: '1-octet round trips', unit: '/s', elko: 'trips elko', beside: 'trips node', mark: '' },
  {
    title: 'connections opened and closed',
    unit: '/s',
    elko: 'setups elko',
    beside: 'setups node',
    mark: '>= 10x',
  },
  {
    title: 'memory per idle connection',
    unit: 'octets',
    elko: 'memory elko',
    beside: 'memory node',
    mark: '<= 4096',
  },
  {
    title: 'TUN MTU 1500, Elko receives',
    unit: 'Gbit/s',
    elko: 'tun receives',
    beside: 'bulk node',
    mark: '>= 5',
  },
  { title: '  from a bbr sender', unit: 'Gbit/s', elko: 'tun receives bbr', beside: 'bulk node', mark: '' },
  { title: 'TUN MTU 1500, Elko sends', unit: 'Gbit/s', elko: 'tun sends', beside: 'bulk node', mark: '>= 5' },
]

/** `elko/net`, the same program as beside it. */
function socketRow(title: string, unit: string, name: string, figure?: string): Row {
  const row = { title, unit, elko: `net ${name} elko`, beside: `net ${name} node`, mark: '' }
  return figure === undefined ? row : { ...row, figure }
}

export const ROWS: readonly Row[] = [
  ...STACK_ROWS,
  socketRow('elko/net bulk', 'Gbit/s', 'bulk'),
  socketRow('elko/net bulk, 100 connections', 'Gbit/s', 'bulk 100'),
  socketRow('elko/net 1-octet round trips', '/s', 'trips'),
  socketRow('elko/net opened and closed', '/s', 'setups'),
  socketRow('elko/net 5,000 echo 1 KiB', '/s', 'crowd', 'echoesPerSecond'),
  socketRow('  event-loop delay, p50', 'ms', 'crowd', 'delayP50Ms'),
  socketRow('  event-loop delay, p99', 'ms', 'crowd', 'delayP99Ms'),
  socketRow('  event-loop delay, most', 'ms', 'crowd', 'delayMaxMs'),
  socketRow('  memory per connection end', 'octets', 'crowd', 'octetsPerEnd'),
  socketRow('  resident, most', 'MB', 'crowd', 'residentMB'),
  socketRow('http keep-alive, 50 connections', '/s', 'http', 'requestsPerSecond'),
  socketRow('  latency, p99', 'ms', 'http', 'latencyP99Ms'),
  socketRow('elko/web between two threads', 'Gbit/s', 'threads'),
]
