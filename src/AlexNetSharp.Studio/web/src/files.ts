// Images that were dropped or chosen, with the folders that they lie in.
export interface Found { file: File; folder: string[] }

export function isImage(file: Blob): boolean {
  return file.type === "" ? !(file instanceof File) || /\.(jpe?g|png|webp|gif|bmp)$/i.test(file.name) : file.type.startsWith("image/");
}

async function entries(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader(), all: FileSystemEntry[] = [];
  // A reader gives some at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function walk(entry: FileSystemEntry, folder: string[], found: Found[], most: number): Promise<void> {
  if (found.length >= most) return;
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    if (isImage(file)) found.push({ file, folder });
  } else if (entry.isDirectory) {
    for (const below of (await entries(entry as FileSystemDirectoryEntry)).sort((a, b) => a.name.localeCompare(b.name)))
      await walk(below, [...folder, entry.name], found, most);
  }
}

/** Files and folders of a drop, at most so many. */
export async function dropped(data: DataTransfer | null, most: number): Promise<Found[]> {
  const tops = [...(data?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter((entry): entry is FileSystemEntry => !!entry);
  if (!tops.some((entry) => entry.isDirectory)) return chosen([...(data?.files ?? [])]);
  const found: Found[] = [];
  for (const top of tops) await walk(top, [], found, most);
  return found;
}

/** Files of a chooser, of a folder's too. */
export function chosen(files: File[]): Found[] {
  return files.filter(isImage).map((file) => ({ file, folder: file.webkitRelativePath ? file.webkitRelativePath.split("/").slice(0, -1) : [] }));
}

/** Images by the innermost folder that they lie in: a class each. */
export function byFolder(found: Found[]): Map<string, File[]> {
  const classes = new Map<string, File[]>();
  for (const { file, folder } of found) {
    const name = folder.at(-1) ?? "";
    classes.set(name, [...(classes.get(name) ?? []), file]);
  }
  return new Map([...classes].sort(([a], [b]) => a.localeCompare(b)));
}
