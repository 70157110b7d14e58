/**
 * What goes wrong with a TUN device, in words that mend it. Every failure of `openTun` is a TunError whose message says
 * what is missing and gives the commands; `code` is for programs.
 */

export type TunErrorCode =
  | 'NOT_LINUX'
  | 'WORKER_THREAD'
  | 'NO_KOFFI'
  | 'NO_LIBUV'
  | 'NO_DEVICE'
  | 'NO_PERMISSION'
  | 'NAME_BUSY'
  | 'BAD_NAME'
  | 'BAD_FD'
  | 'BAD_OPTION'
  | 'DEVICE_GONE'
  | 'SYSTEM'

export class TunError extends Error {
  readonly code: TunErrorCode
  constructor(code: TunErrorCode, message: string) {
    super(message)
    this.name = 'TunError'
    this.code = code
  }
}

/** Linux errno values that have a meaning of their own here; the same on every architecture that Node runs on. */
export const EPERM = 1
export const ENOENT = 2
export const EINTR = 4
export const ENXIO = 6
export const EBADF = 9
export const EAGAIN = 11
export const EACCES = 13
export const EBUSY = 16
export const EEXIST = 17
export const ENODEV = 19
export const EINVAL = 22
export const ENOTTY = 25
export const EBADFD = 77

const NAMES: Readonly<Record<number, string>> = {
  [EPERM]: 'EPERM',
  [ENOENT]: 'ENOENT',
  [EINTR]: 'EINTR',
  [ENXIO]: 'ENXIO',
  [EBADF]: 'EBADF',
  [EAGAIN]: 'EAGAIN',
  [EACCES]: 'EACCES',
  [EBUSY]: 'EBUSY',
  [EEXIST]: 'EEXIST',
  [ENODEV]: 'ENODEV',
  [EINVAL]: 'EINVAL',
  [ENOTTY]: 'ENOTTY',
  [EBADFD]: 'EBADFD',
}

const errnoName = (errno: number): string => NAMES[errno] ?? `errno ${errno}`

/** The steps at which the kernel can refuse. */
export type TunStep = 'open' | 'attach' | 'configure'

/** The kernel's refusal of one step, as an error that says what to do. `name` is the interface asked for. */
export function refusal(step: TunStep, errno: number, name: string, detail = ''): TunError {
  const said = `${errnoName(errno)}${detail === '' ? '' : `, ${detail}`}`
  if (errno === EPERM || errno === EACCES) return notPermitted(step, said, name)
  if (step === 'open' && (errno === ENOENT || errno === ENODEV || errno === ENXIO)) return noDevice(said)
  if (step === 'attach' && errno === EBUSY) {
    return new TunError(
      'NAME_BUSY',
      `The TUN device ${name} is in use by another process (${said}); a device has one owner.\n` +
        `Find the owner:      sudo grep -l 'iff:.*${name}' /proc/[0-9]*/fdinfo/*\n` +
        'or take a new name:  --tun elko1',
    )
  }
  if (step === 'attach' && errno === EINVAL) {
    return new TunError(
      'BAD_NAME',
      `${name} cannot be opened as a TUN device (${said}): an interface of that name exists and is of another kind ` +
        '(TAP, Ethernet, several queues), or the name is not allowed.\n' +
        `See what it is:      ip -details link show ${name}\n` +
        'or take a new name:  --tun elko1',
    )
  }
  return new TunError('SYSTEM', `The TUN device ${name} failed at "${step}": ${said}.`)
}

function noDevice(said: string): TunError {
  return new TunError(
    'NO_DEVICE',
    `This machine has no /dev/net/tun (${said}). Make it:\n` +
      '  sudo modprobe tun\n' +
      '  sudo mkdir -p /dev/net && sudo mknod -m 0666 /dev/net/tun c 10 200\n' +
      'A container needs:  docker run --cap-add NET_ADMIN --device /dev/net/tun ...',
  )
}

function notPermitted(step: TunStep, said: string, name: string): TunError {
  if (step === 'configure') {
    return new TunError(
      'NO_PERMISSION',
      `Setting up the interface ${name} needs CAP_NET_ADMIN (${said}). Let root do it once:\n` +
        `  sudo ip address add 10.7.0.1/24 dev ${name}\n` +
        `  sudo ip link set ${name} up txqueuelen 5000\n` +
        'and run without addresses and MTU of your own for the interface; or run as root.',
    )
  }
  const opening =
    step === 'open' ? 'Opening /dev/net/tun was refused' : `Creating the TUN device ${name} was refused`
  return new TunError(
    'NO_PERMISSION',
    `${opening} (${said}); it needs CAP_NET_ADMIN. Let root make a device that you own, once:\n` +
      `  sudo ip tuntap add dev ${name} mode tun user $USER\n` +
      `  sudo ip address add 10.7.0.1/24 dev ${name}\n` +
      `  sudo ip link set ${name} up txqueuelen 5000\n` +
      '  sudo chmod 0666 /dev/net/tun\n' +
      'or run as root. A container needs:  docker run --cap-add NET_ADMIN --device /dev/net/tun ...',
  )
}
