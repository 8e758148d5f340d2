/** How far a transfer is. */
export interface Progress {
  /** Bytes of content so far. It never goes back. */
  loaded: number;
  /** Bytes in all, where known. */
  total?: number;
  /** From 0 to 1, where the total is known. */
  fraction?: number;
}

/** Told how far a transfer is. What it throws, the transfer fails with; what it returns is not waited for. */
export type OnProgress = (progress: Progress) => void;

export interface Meter {
  /** Bytes since the last start. */
  readonly loaded: number;
  add(bytes: number): void;
  /** Counts from nothing again: what was sent was refused. */
  restart(): void;
  /** Reports once more: the transfer is complete. */
  end(): void;
}

/** Reports at most every 100 ms, and once at the end. */
export function meter(onProgress: OnProgress | undefined, total: number | undefined): Meter {
  let loaded = 0;
  let most = 0;
  let reportedAt = 0;
  const report = () => {
    most = Math.max(most, loaded);
    const known = total !== undefined && { total, fraction: total === 0 ? 1 : Math.min(1, most / total) };
    onProgress?.({ loaded: most, ...known });
  };
  return {
    get loaded() {
      return loaded;
    },
    add(bytes) {
      loaded += bytes;
      if (!onProgress || loaded === total) return;
      const now = performance.now();
      if (now - reportedAt < 100) return;
      reportedAt = now;
      report();
    },
    restart() {
      loaded = 0;
    },
    end: report,
  };
}
