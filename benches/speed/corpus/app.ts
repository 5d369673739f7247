import { PrismaClient } from "@prisma/client";
import { Pool } from "pg";

const prisma = new PrismaClient();
const pool = new Pool({ connectionString: process.env.DATABASE_URL });

interface Order {
  id: number;
  customerId: number;
  total: number;
}

interface Row extends Order {
  customer: string;
}

async function customerOf(order: Order) {
  return prisma.customer.findUnique({ where: { id: order.customerId } });
}

export async function withCustomers(orders: Order[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const order of orders) {
    const customer = await customerOf(order);
    rows.push({ ...order, customer: customer?.name ?? "unknown" });
  }
  return rows;
}

export async function page(number: number, size = 50): Promise<Order[]> {
  const { rows } = await pool.query(
    `SELECT id, customer_id AS "customerId", total
     FROM orders
     WHERE total > $1
     ORDER BY created DESC
     LIMIT $2 OFFSET $3`,
    [10, size, number * size],
  );
  return rows;
}

export class Shop {
  constructor(private readonly currency: string) {}

  async totals(ids: number[]): Promise<Map<number, string>> {
    const totals = await Promise.all(
      ids.map(async (id) => {
        const { rows } = await pool.query("SELECT sum(total) AS sum FROM orders WHERE customer_id = $1", [id]);
        return [id, `${rows[0].sum} ${this.currency}`] as const;
      }),
    );
    return new Map(totals);
  }
}
