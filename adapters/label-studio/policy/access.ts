import type { Access } from '../../../lib/adapter/index.js'

/** How much somebody may do in a project, or in the organization. Higher is more. */
export const ranks = { none: 0, AN: 1, RE: 2, MA: 3, AD: 4 } as const

/** One of {@link ranks}. */
export type Rank = (typeof ranks)[keyof typeof ranks]

/** What one person may do, in numbers of Label Studio. */
export interface PersonAccess {
  readonly account: number
  /** Lower-cased. */
  readonly email: string
  /** Of the organization. `AD` sees every project. */
  readonly rank: Rank
  /** Projects that rules give, each with what the person is in it. */
  readonly given: ReadonlyMap<number, Rank>
  /** Projects of their workspaces, and those that they made: they have `rank` there. */
  readonly inherited: ReadonlySet<number>
  /** The most that they are anywhere. */
  readonly highest: Rank
}

const ranksOfRoles: Readonly<Record<string, Rank>> = {
  Administrator: ranks.AD,
  Manager: ranks.MA,
  Reviewer: ranks.RE,
  Annotator: ranks.AN,
}

/**
 * What the mapping gives somebody. The role in the project stands above the role in the
 * organization; `Inherit` and projects of a workspace take the latter.
 *
 * @param inWorkspaces projects of the person's workspaces, and those that they made
 */
export function personAccess(
  person: Pick<PersonAccess, 'account' | 'email'>,
  access: GivenAccess | undefined,
  inWorkspaces: ReadonlySet<number>,
): PersonAccess {
  const rank = access?.active ? rankOf(access.role) : ranks.none
  if (!access || rank === ranks.none) return { ...person, ...nothing }
  return { ...person, rank, ...givenBy(access, rank), inherited: inWorkspaces }
}

type GivenAccess = Pick<Access, 'active' | 'role' | 'projects'>
type Given = Pick<PersonAccess, 'given' | 'highest'>

const nothing = {
  rank: ranks.none,
  highest: ranks.none,
  given: new Map<number, Rank>(),
  inherited: new Set<number>(),
}

/** Stores answer the same object while nothing changes, so thousands of projects are read once. */
const remembered = new WeakMap<GivenAccess, Given>()

function givenBy(access: GivenAccess, rank: Rank): Given {
  const before = remembered.get(access)
  if (before) return before
  const given = new Map<number, Rank>()
  let highest = rank
  for (const { projectId, role } of access.projects) {
    const each = role === 'Inherit' ? rank : rankOf(role)
    given.set(projectId, each)
    if (each > highest) highest = each
  }
  const made = { given, highest }
  remembered.set(access, made)
  return made
}

function rankOf(role: string | null): Rank {
  return ranksOfRoles[role ?? ''] ?? ranks.none
}

/** What the person may do in this project. */
export function rankIn({ rank, given, inherited }: PersonAccess, project: number): Rank {
  if (rank === ranks.AD) return rank
  return given.get(project) ?? (inherited.has(project) ? rank : ranks.none)
}

/** Whether somebody else is in a project of the person. */
export function isColleague(person: PersonAccess, other: PersonAccess): boolean {
  const isShared = (project: number) =>
    rankIn(person, project) > ranks.none && rankIn(other, project) > ranks.none
  const [few = person] = [person, other].sort((a, b) => sizeOf(a) - sizeOf(b))
  const candidates = other.rank === ranks.AD ? person : few
  return some(candidates.given.keys(), isShared) || some(candidates.inherited, isShared)
}

function sizeOf({ given, inherited }: PersonAccess): number {
  return given.size + inherited.size
}

function some(projects: Iterable<number>, is: (project: number) => boolean): boolean {
  for (const project of projects) if (is(project)) return true
  return false
}

/** Numbers of the projects that the person sees, as a comma list; '' for none. */
export function openProjects({ given, inherited }: PersonAccess): string {
  const lists = listed.get(inherited) ?? new WeakMap<ReadonlyMap<number, Rank>, string>()
  listed.set(inherited, lists)
  const before = lists.get(given)
  if (before !== undefined) return before
  const open = [...given].flatMap(([project, rank]) => (rank > ranks.none ? project : []))
  const list = [...open, ...[...inherited].filter((project) => !given.has(project))].join(',')
  lists.set(given, list)
  return list
}

const listed = new WeakMap<ReadonlySet<number>, WeakMap<ReadonlyMap<number, Rank>, string>>()
