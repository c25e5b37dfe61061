import type { CommandCall } from './command.js'
import { databaseUrl, newFile, openDatabase, shownDatabase } from './database.js'

/** Creates or upgrades the tables, as a host does when it starts. */
export async function migrate({ environment, tell }: CommandCall): Promise<number> {
  const url = databaseUrl(environment)
  const created = newFile(url)
  const database = await openDatabase(url)
  await database.close()
  const shown = shownDatabase(url)
  tell(created ? `Created a new database: ${created}` : `The tables of ${shown} are up to date.`, {
    database: shown,
    migrated: true,
    ...(created && { created }),
  })
  return 0
}
