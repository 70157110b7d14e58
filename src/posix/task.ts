/** What the system calls of one process share. */

import type { Stack } from '../stack/stack.ts'
import type { SocketName } from './arguments.ts'
import type { Descriptors } from './descriptors.ts'
import type { FileSystem } from './files.ts'
import type { Profile } from './profiles.ts'

export interface Task {
  readonly stack: Stack
  readonly profile: Profile
  readonly descriptors: Descriptors
  readonly files: FileSystem
  /** What `socket(..., )` opens: AF_INET or AF_INET6. */
  readonly domain: number
  /** What `...` stands for in bind() and connect(). */
  readonly bindName: SocketName
  readonly remoteName: SocketName
}
