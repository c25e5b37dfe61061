import type { Scope } from '../../stores/scope.js'
import type { ProjectChoice, SettingsContext } from '../options.js'
import type { Draft } from './draft.js'

/** Adds the titles of projects to sentences that contain their ids. */
export type NameProjects = (text: string) => string

/**
 * Reads the current names of the host's projects. If the host cannot list them, only ids are shown.
 */
export async function projectNames(context: SettingsContext, scope: Scope): Promise<NameProjects> {
  const list = await projectList(context, scope)
  const titles = new Map(list.map(({ id, title }) => [String(id), title]))
  return (text) =>
    text.replace(/\bproject (\d+)$/, (whole, id: string) => {
      const title = titles.get(id)
      return title === undefined ? whole : `project ${title} (${id})`
    })
}

/** The host's projects; empty if it cannot list them. */
export async function projectList(
  { projects }: SettingsContext,
  scope: Scope,
): Promise<readonly ProjectChoice[]> {
  return (await projects?.(scope).catch(() => undefined)) ?? []
}

/**
 * The text that stands for a project in an input: its title, with its id to distinguish equal
 * titles.
 */
export function projectText({ id, title }: ProjectChoice): string {
  return `${oneLine(title)} (${id})`
}

/** As an input shows it: browsers drop line breaks, and nobody sees blanks at the ends. */
function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}

function keyOf(text: string): string {
  return oneLine(text).toLowerCase()
}

/** Replaces typed project titles in a draft by ids. Anything else stays as typed. */
export function withProjectIds(draft: Draft, projects: readonly ProjectChoice[]): Draft {
  const ids = new Map<string, string | undefined>()
  for (const { id, title } of projects) {
    // A title of two projects is ambiguous.
    ids.set(keyOf(title), ids.has(keyOf(title)) ? undefined : String(id))
  }
  for (const each of projects) ids.set(keyOf(projectText(each)), String(each.id))
  const idOf = (text: string) => (/^\d+$/.test(text) ? undefined : ids.get(keyOf(text)))
  return {
    ...draft,
    projects: draft.projects.map((row) => ({ ...row, project: idOf(row.project) ?? row.project })),
  }
}
