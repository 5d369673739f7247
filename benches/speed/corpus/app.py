"""Orders of a small shop."""

from django.db import connection, models
from django.http import JsonResponse


class Customer(models.Model):
    name = models.CharField(max_length=100)
    email = models.EmailField(unique=True)


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    created = models.DateTimeField(auto_now_add=True)
    total = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["-created"]


class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.CharField(max_length=100)
    quantity = models.IntegerField(default=1)


def load_customer(pk):
    return Customer.objects.get(pk=pk)


def customers(request):
    names = []
    for pk in request.GET.getlist("pk"):
        names.append(load_customer(pk).name)
    return JsonResponse({"names": names})


def orders(request):
    page = int(request.GET.get("page", 0))
    rows = [
        {"id": order.id, "customer": order.customer.name, "total": str(order.total)}
        for order in Order.objects.filter(total__gt=10)[page * 50 : page * 50 + 50]
    ]
    return JsonResponse({"orders": rows})


def report(since):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.name, count(*), sum(o.total)
            FROM shop_order o
            JOIN shop_customer c ON c.id = o.customer_id
            WHERE o.created >= %s AND lower(c.email) LIKE '%%@example.org'
            GROUP BY c.name
            ORDER BY 3 DESC
            """,
            [since],
        )
        return cursor.fetchall()


def close(orders):
    for order in orders:
        order.closed = True
        order.save()
