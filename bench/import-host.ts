import { monitorEventLoopDelay } from 'node:perf_hooks'
import { labelStudioAdapters } from 'label-studio-scim/adapters/label-studio'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'

/** How long an import took, and how long the event loop was blocked meanwhile, in milliseconds. */
export interface ImportMeasured {
  readonly imported: number
  readonly seconds: number
  readonly p99: number
  readonly longest: number
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})

/** Imports twice, in a process of its own. */
async function main(): Promise<void> {
  const [url = '', token = '', databaseUrl = ''] = process.argv.slice(2)
  const storage = await sqlAdapters({ url: databaseUrl })
  const { importer } = labelStudioAdapters({ url, token, storage })
  const measured: ImportMeasured[] = []
  for (let each = 0; each < 2; each += 1) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const startedAt = performance.now()
    const { imported } = await importer.run()
    const seconds = (performance.now() - startedAt) / 1_000
    delay.disable()
    measured.push({
      imported,
      seconds,
      p99: delay.percentile(99) / 1e6,
      longest: delay.max / 1e6,
    })
  }
  await storage.close()
  process.send?.(measured)
}
