import { parseArgs } from 'node:util'
import type { Effort } from './requests.js'

/** The parsed command line. */
export interface Options extends Effort {
  /** Numbers of users, in ascending order. */
  readonly sizes: readonly number[]
  /** Names of servers. Default: all available. */
  readonly servers: readonly string[] | undefined
  /** Names of measures. Default: all. */
  readonly only: readonly string[] | undefined
  /** Minutes of load for watching memory instead of measuring speed. */
  readonly memoryMinutes: number | undefined
  /** Measures a first push to Label Studio instead of speed. */
  readonly labelStudio: boolean
  readonly nodeOptions: readonly string[]
}

export const help = `npm run bench [-- OPTIONS]
  --quick              fewer rounds
  --memory MINUTES     measure heap and resident memory under load instead
  --label-studio       measure a first push to Label Studio instead: to a fake Enterprise, and to
                       the real Community, which is installed at the first run (1 GB); 1,000
                       people or --users N
  --servers A,B        some of bare, memory, sqlite, postgres, and driver for the
                       driver alone beside each database
  --only A,B           some of get, filter, list, patch, post, member, large, group, put,
                       pauses, mapping, policy, gate, proxy, one-group, hosts,
                       bytes, import, start
  --users N,M          numbers of users; default 1000,10000,100000
  --rounds N           rounds for each measure; default 20
  --seconds S          seconds for each round; default 0.5
  --cpu-prof           each server writes a CPU profile to the current directory`

/** @throws Error for unknown options */
export function readOptions(parameters: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      memory: { type: 'string' },
      'label-studio': { type: 'boolean' },
      servers: { type: 'string' },
      only: { type: 'string' },
      users: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'cpu-prof': { type: 'boolean' },
    },
  })
  if (values.help) return 'help'
  const defaults = values.quick ? { rounds: 5, seconds: 0.5 } : { rounds: 20, seconds: 0.5 }
  return {
    sizes: listOf(values.users ?? '1000,10000,100000').map(Number),
    servers: values.servers === undefined ? undefined : listOf(values.servers),
    only: values.only === undefined ? undefined : listOf(values.only),
    labelStudio: values['label-studio'] ?? false,
    memoryMinutes: values.memory === undefined ? undefined : Number(values.memory),
    rounds: Number(values.rounds ?? defaults.rounds),
    seconds: Number(values.seconds ?? defaults.seconds),
    nodeOptions: values['cpu-prof'] ? ['--cpu-prof'] : [],
  }
}

function listOf(text: string): string[] {
  return text.split(',').map((each) => each.trim())
}
