/** Callers that want the same thing at the same time share one piece of work. */
export interface SingleFlight<K, V> {
  has(key: K): boolean;
  /** Joins the flight of this key, or starts one. */
  run(key: K, work: () => Promise<V>): Promise<V>;
  /** Lets the flight go on for those who already wait for it, but lets nobody else join. */
  detach(key: K): void;
  size(): number;
}

export function createSingleFlight<K, V>(): SingleFlight<K, V> {
  const flights = new Map<K, Promise<V>>();
  return {
    has: (key) => flights.has(key),
    run(key, work) {
      const current = flights.get(key);
      if (current !== undefined) return current;
      const flight = work().finally(() => {
        if (flights.get(key) === flight) flights.delete(key);
      });
      flights.set(key, flight);
      return flight;
    },
    detach: (key) => void flights.delete(key),
    size: () => flights.size,
  };
}
