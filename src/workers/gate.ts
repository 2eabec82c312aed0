/** Lets nobody through before everybody is there, and is closed again behind them. */
export interface Gate<T> {
  /** Resolves when everybody who is here has arrived. */
  arrive(one: T): Promise<void>;
  /** To be called when somebody is here no longer. */
  left(one: T): void;
}

/** @param here everybody who is to arrive */
export function createGate<T>(here: ReadonlySet<T>): Gate<T> {
  const arrived = new Set<T>();
  let open = Promise.withResolvers<void>();
  const look = () => {
    if (![...here].every((one) => arrived.has(one))) return;
    open.resolve();
    open = Promise.withResolvers();
    arrived.clear();
  };
  return {
    arrive(one) {
      const { promise } = open;
      arrived.add(one);
      look();
      return promise;
    },
    left(one) {
      arrived.delete(one);
      if (arrived.size > 0) look();
    },
  };
}
