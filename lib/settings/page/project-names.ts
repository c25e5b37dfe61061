import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/** Puts the titles of projects into sentences that have their numbers. */
export type NameProjects = (text: string) => string

/** Names projects as the host does now; by number alone where it cannot say. */
export async function projectNames(
  { projects }: SettingsContext,
  scope: Scope,
): Promise<NameProjects> {
  const list = (await projects?.(scope).catch(() => undefined)) ?? []
  const titles = new Map(list.map(({ id, title }) => [String(id), title]))
  return (text) =>
    text.replace(/\bproject (\d+)$/, (whole, id: string) => {
      const title = titles.get(id)
      return title === undefined ? whole : `project ${title} (${id})`
    })
}
